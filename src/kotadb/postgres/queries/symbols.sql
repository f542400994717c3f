-- Symbols by their names, and what refers to them. A definition that is written several times (an overload, a branch of
-- an `if`) is one symbol here: rows of one file, qualified name and kind.

-- name: named
-- By the last part of a qualified name, in any case.
select f.path, f.language, f.tags, s.file_id, s.name, s.qualified_name, s.kind::text, bool_or(s.exported) as exported,
    min(s.name_line) as line, (array_agg(s.name_column order by s.name_line, s.name_column))[1] as column,
    (array_agg(s.signature order by s.name_line, s.name_column))[1] as signature,
    max(s.entry_point)::text as entry_point, array_agg(s.symbol_id order by s.name_line, s.name_column) as symbol_ids
from symbols s
join indexed_files f using (repository_id, index_id, file_id)
where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and lower(s.name) = lower(%(name)s)
group by f.path, f.language, f.tags, s.file_id, s.name, s.qualified_name, s.kind
order by f.path collate "C", line, s.qualified_name collate "C"
limit %(limit)s

-- name: called
-- Symbols of exactly this name, those that are written the same way first.
select path, language, tags, file_id, name, qualified_name, kind, exported, line, "column", signature, entry_point
from (
    select distinct on (s.file_id, s.qualified_name, s.kind) f.path, f.language, f.tags, s.file_id, s.name,
        s.qualified_name, s.kind::text, s.exported, s.name_line as line, s.name_column as column, s.signature,
        s.entry_point::text
    from symbols s
    join indexed_files f using (repository_id, index_id, file_id)
    where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and lower(s.name) = lower(%(name)s)
        and (%(kinds)s::symbol_kind[] is null or s.kind = any(%(kinds)s::symbol_kind[]))
        and (%(exported)s::boolean is null or s.exported = %(exported)s)
    order by s.file_id, s.qualified_name, s.kind, s.name_line, s.name_column) found
order by name <> %(name)s, 'test' = any(tags), exported desc, path collate "C", line, qualified_name collate "C"
offset %(skip)s limit %(limit)s

-- name: beginning
-- Symbols whose names begin so and go on, in the order of the index, of which no more than a page is read.
select distinct on (lower(s.name), f.path, s.qualified_name, s.kind) f.path, f.language, f.tags, s.file_id, s.name,
    s.qualified_name, s.kind::text, s.exported, s.name_line as line, s.name_column as column, s.signature,
        s.entry_point::text
from symbols s
join indexed_files f using (repository_id, index_id, file_id)
where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and lower(s.name) like %(pattern)s
    and lower(s.name) <> lower(%(name)s)
    and (%(kinds)s::symbol_kind[] is null or s.kind = any(%(kinds)s::symbol_kind[]))
    and (%(exported)s::boolean is null or s.exported = %(exported)s)
order by lower(s.name) using ~<~, f.path, s.qualified_name, s.kind, s.name_line, s.name_column
offset %(skip)s limit %(limit)s

-- name: names_spelled
-- The shortest names that begin with the first of these letters and have all of them in that order, without those that
-- begin so. From the index alone.
select name from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s
    and lower(name) like %(first_letter)s and lower(name) like %(letters)s and lower(name) not like %(pattern)s
group by name
order by length(name), name collate "C" limit %(limit)s

-- name: names_holding
-- The shortest names that match one of the patterns, without those that begin so.
select name from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and name ilike any(%(patterns)s)
    and lower(name) not like %(pattern)s
group by name
order by length(name), name collate "C" limit %(limit)s

-- name: with_names
-- The symbols of these names, in the order of the names.
select s.*
from unnest(%(names)s::text[]) with ordinality as wanted (name, place)
cross join lateral (
    select distinct on ('test' = any(f.tags), f.path, s.qualified_name, s.kind) f.path, f.language, f.tags, s.file_id,
        s.name, s.qualified_name, s.kind::text, s.exported, s.name_line as line, s.name_column as column, s.signature,
        s.entry_point::text
    from symbols s
    join indexed_files f using (repository_id, index_id, file_id)
    where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and lower(s.name) = lower(wanted.name)
        and s.name = wanted.name
        and (%(kinds)s::symbol_kind[] is null or s.kind = any(%(kinds)s::symbol_kind[]))
        and (%(exported)s::boolean is null or s.exported = %(exported)s)
    order by 'test' = any(f.tags), f.path, s.qualified_name, s.kind, s.name_line, s.name_column) s
order by wanted.place
offset %(skip)s limit %(limit)s

-- name: resemblance
select set_config('pg_trgm.similarity_threshold', %(least)s::text, true)

-- name: resembling
-- Symbols whose names are much like this one, the likest first.
select path, language, tags, file_id, name, qualified_name, kind, exported, line, "column", signature, entry_point
from (
    select distinct on (s.file_id, s.qualified_name, s.kind) f.path, f.language, f.tags, s.file_id, s.name,
        s.qualified_name, s.kind::text, s.exported, s.name_line as line, s.name_column as column, s.signature,
        s.entry_point::text
    from symbols s
    join indexed_files f using (repository_id, index_id, file_id)
    where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and s.name %% %(name)s
        and (%(kinds)s::symbol_kind[] is null or s.kind = any(%(kinds)s::symbol_kind[]))
        and (%(exported)s::boolean is null or s.exported = %(exported)s)
    order by s.file_id, s.qualified_name, s.kind, s.name_line, s.name_column) found
order by similarity(name, %(name)s) desc, 'test' = any(tags), path collate "C", line, qualified_name collate "C"
offset %(skip)s limit %(limit)s

-- name: in_file
-- The symbol of that qualified name and kind in a file.
select f.path, f.language, f.tags, s.file_id, s.name, s.qualified_name, s.kind::text, bool_or(s.exported) as exported,
    min(s.name_line) as line, (array_agg(s.name_column order by s.name_line, s.name_column))[1] as column,
    (array_agg(s.signature order by s.name_line, s.name_column))[1] as signature,
    max(s.entry_point)::text as entry_point, array_agg(s.symbol_id order by s.name_line, s.name_column) as symbol_ids
from symbols s
join indexed_files f using (repository_id, index_id, file_id)
where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and f.path = any(%(paths)s)
    and s.qualified_name = %(qualified_name)s and s.kind = %(kind)s::symbol_kind
group by f.path, f.language, f.tags, s.file_id, s.name, s.qualified_name, s.kind
limit 1

-- name: declarations
select symbol_id, line_start, line_end, column_start, column_end, name_line, name_column, signature, documentation,
    exported, is_async, access::text
from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = %(file_id)s
    and symbol_id = any(%(symbol_ids)s)
order by name_line, name_column

-- name: members
-- The symbols right inside of one, in the order of the source.
select name, qualified_name, kind::text, bool_or(exported) as exported, min(name_line) as line,
    (array_agg(signature order by name_line, name_column))[1] as signature
from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = %(file_id)s
    and length(qualified_name) = length(%(qualified_name)s) + 1 + length(name)
    and starts_with(qualified_name, %(qualified_name)s || '.')
group by name, qualified_name, kind
order by line, qualified_name collate "C"
limit %(limit)s

-- name: container
select qualified_name, kind::text, min(name_line) as line
from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = %(file_id)s
    and qualified_name = %(qualified_name)s
group by qualified_name, kind
order by line limit 1

-- name: used_in
-- How often each file refers to a symbol, by kind.
select r.file_id, f.path, f.tags, r.kind::text, sum(r.occurrences)::integer as count
from (
    select file_id, kind, occurrences from symbol_references
    where repository_id = %(repository_id)s and index_id = %(index_id)s and target_file_id = %(file_id)s
        and target_symbol_id = any(%(symbol_ids)s) and kind = any(%(kinds)s::reference_kind[])) r
join indexed_files f on (f.repository_id, f.index_id, f.file_id) = (%(repository_id)s, %(index_id)s, r.file_id)
group by r.file_id, f.path, f.tags, r.kind

-- name: usages
-- What refers to a symbol in these files.
select r.file_id, r.kind::text, r.resolution::text, r.positions, e.qualified_name as enclosing, e.kind::text as enclosing_kind
from symbol_references r
left join lateral (
    select qualified_name, kind from symbols e
    where (e.repository_id, e.index_id, e.file_id, e.symbol_id)
        = (%(repository_id)s, %(index_id)s, r.file_id, r.enclosing_symbol_id) limit 1) e on true
where r.repository_id = %(repository_id)s and r.index_id = %(index_id)s and r.target_file_id = %(file_id)s
    and r.target_symbol_id = any(%(symbol_ids)s) and r.kind = any(%(kinds)s::reference_kind[])
    and r.file_id = any(%(file_ids)s)

-- name: maybe_used_in
-- How often files refer to something of this name that may be anything, by file.
select r.file_id, f.path, f.tags, sum(r.occurrences)::integer as count
from (
    select file_id, occurrences from symbol_references
    where repository_id = %(repository_id)s and index_id = %(index_id)s and name = %(name)s
        and target_file_id is null and package is null) r
join indexed_files f on (f.repository_id, f.index_id, f.file_id) = (%(repository_id)s, %(index_id)s, r.file_id)
where f.language = any(%(languages)s)
group by r.file_id, f.path, f.tags

-- name: maybe_usages
select r.file_id, r.kind::text, null as resolution, r.positions, e.qualified_name as enclosing,
    e.kind::text as enclosing_kind
from symbol_references r
left join lateral (
    select qualified_name, kind from symbols e
    where (e.repository_id, e.index_id, e.file_id, e.symbol_id)
        = (%(repository_id)s, %(index_id)s, r.file_id, r.enclosing_symbol_id) limit 1) e on true
where r.repository_id = %(repository_id)s and r.index_id = %(index_id)s and r.name = %(name)s
    and r.target_file_id is null and r.package is null and r.file_id = any(%(file_ids)s)

-- name: contents
-- The texts of files.
select f.file_id, b.content
from indexed_files f
join source_blobs b using (repository_id, blob_sha, language, extractor_version)
where f.repository_id = %(repository_id)s and f.index_id = %(index_id)s and f.file_id = any(%(file_ids)s)
