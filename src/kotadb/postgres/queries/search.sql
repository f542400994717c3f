-- Searching the text of an index.

-- name: files
-- In the order of the answer: files that declare what is searched for, tests last, by their paths; from a place on.
select f.file_id, f.path, f.language, f.tags, f.blob_sha, f.extractor_version, f.size_bytes, k.rank, k.test
from indexed_files f
cross join lateral (
    select case when f.file_id = any(%(declaring)s) then 0 when f.file_id = any(%(declaring_otherwise)s) then 1 else 2 end
        as rank, 'test' = any(f.tags) as test, 'generated' = any(f.tags) as generated) k
where f.repository_id = %(repository_id)s and f.index_id = %(index_id)s
    and (%(blob_shas)s::text[] is null or f.blob_sha = any(%(blob_shas)s))
    and (%(languages)s::text[] is null or f.language = any(%(languages)s))
    and (%(tests)s::text = 'include' or k.test = (%(tests)s = 'only'))
    and (%(generated)s::text = 'include' or k.generated = (%(generated)s = 'only'))
    and (%(included)s::text is null or f.path ~ %(included)s)
    and (%(excluded)s::text is null or f.path !~ %(excluded)s)
    and (%(from_path)s::text is null
        or (k.rank, k.test, f.path collate "C") > (%(from_rank)s::integer, %(from_test)s::boolean, %(from_path)s)
        or (%(from_itself)s and f.path = %(from_path)s and k.rank = %(from_rank)s))
order by k.rank, k.test, f.path collate "C"

-- name: file
select path, 'test' = any(tags) as test from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = %(file_id)s

-- name: contents
-- By key one after another: of a small table a batch looks large enough to read all of it.
select b.blob_sha, b.language, b.extractor_version, b.content
from unnest(%(blob_shas)s::text[]) as wanted (blob_sha)
cross join lateral (
    select blob_sha, language, extractor_version, convert_to(content, 'UTF8') as content from source_blobs
    where repository_id = %(repository_id)s and blob_sha = wanted.blob_sha and extractor_version = any(%(versions)s)
    offset 0) b

-- name: vocabulary_bytes
select coalesce(sum(octet_length(words)), 0) as bytes from vocabulary where repository_id = %(repository_id)s

-- name: vocabulary
select words from vocabulary where repository_id = %(repository_id)s

-- name: by_index
-- The planner takes new words that wait beside the index for so dear that it would read all texts for each word.
select set_config('enable_seqscan', 'off', true), set_config('statement_timeout', %(milliseconds)s, true)

-- name: blobs
-- The blobs of a repository that have, for one of the alternatives, a word of each of its pieces; as far as the limit
-- goes. Words are looked up one by one: their lists are then read once, where a look for any of many words compares each
-- of them with every blob. Their hashes are of one repository; asked for its blobs inside of the fence the planner might
-- read them all.
with found as materialized (
    select distinct wanted.piece, b.blob_sha
    from unnest(%(pieces)s::integer[], %(words)s::integer[]) as wanted (piece, word)
    cross join lateral (
        select repository_id, blob_sha from source_blobs where words @> array[wanted.word] offset 0) b
    where b.repository_id = %(repository_id)s),
alternatives as (
    select alternative, piece, count(*) over (partition by alternative) as pieces
    from unnest(%(alternatives)s::integer[], %(their_pieces)s::integer[]) as a (alternative, piece))
select distinct blob_sha
from (
    select f.blob_sha from found f join alternatives a using (piece)
    group by a.alternative, a.pieces, f.blob_sha having count(*) = a.pieces) matching
limit %(limit)s

-- name: declaring
-- The files that declare a symbol of a name, in this case or another.
select file_id, bool_or(name = %(name)s) as exactly from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and lower(name) = lower(%(name)s)
group by file_id

-- name: declared
-- The symbols that are declared in some lines of some files.
select file_id, name_line, name_column, name from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
    and name_line = any(%(lines)s)

-- name: has_files
select exists (
    select from indexed_files
    where repository_id = %(repository_id)s and index_id = %(index_id)s
        and (%(languages)s::text[] is null or language = any(%(languages)s))
        and (%(tests)s::text = 'include' or ('test' = any(tags)) = (%(tests)s = 'only'))
        and (%(generated)s::text = 'include' or ('generated' = any(tags)) = (%(generated)s = 'only'))
        and (%(included)s::text is null or path ~ %(included)s)
        and (%(excluded)s::text is null or path !~ %(excluded)s)) as any
