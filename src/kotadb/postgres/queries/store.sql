-- Blobs, and the rows of an index.

-- name: known_blobs
select blob_sha, language from source_blobs
where repository_id = %(repository_id)s and extractor_version = %(extractor_version)s

-- name: skipped_blobs
select distinct s.blob_sha, s.language, s.reason::text
from skipped_files s join indexes i using (repository_id, index_id)
where s.repository_id = %(repository_id)s and i.extractor_version = %(extractor_version)s and s.blob_sha is not null

-- name: facts
select blob_sha, language, lines, has_errors, names, outline, rows, is_generated from source_blobs
where repository_id = %(repository_id)s and extractor_version = %(extractor_version)s and blob_sha = any(%(blob_shas)s)

-- name: facts_read_by
select b.blob_sha, b.language, b.lines, b.has_errors, b.names, b.outline, b.rows, b.is_generated
from (
    select target_file_id as file_id from symbol_references
    where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
    union
    select to_file_id from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = any(%(file_ids)s)
    union
    select to_file_id from symbol_relations
    where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)) r
join indexed_files f on (f.repository_id, f.index_id, f.file_id) = (%(repository_id)s, %(index_id)s, r.file_id)
join source_blobs b on (b.repository_id, b.blob_sha, b.language, b.extractor_version)
    = (f.repository_id, f.blob_sha, f.language, f.extractor_version)

-- name: content
select content from source_blobs
where repository_id = %(repository_id)s and blob_sha = %(blob_sha)s and language = %(language)s
    and extractor_version = %(extractor_version)s

-- name: one_writer
-- COPY has no ON CONFLICT: whoever adds blobs to a repository has it for the time of a batch, and sees what is there.
select pg_advisory_xact_lock(hashtextextended('add blobs', %(repository_id)s))

-- name: stored_of
select blob_sha, language from source_blobs
where repository_id = %(repository_id)s and extractor_version = %(extractor_version)s and blob_sha = any(%(blob_shas)s)

-- name: stored_with_content
select blob_sha, language, content, words, lines, has_errors, names, outline, rows, is_generated from source_blobs
where repository_id = %(repository_id)s and extractor_version = %(extractor_version)s and blob_sha = any(%(blob_shas)s)

-- name: delete_blobs
delete from source_blobs b
using unnest(%(blob_shas)s::text[], %(languages)s::text[]) as gone (blob_sha, language)
where b.repository_id = %(repository_id)s and b.extractor_version = %(extractor_version)s
    and b.blob_sha = gone.blob_sha and b.language = gone.language

-- name: copy_blobs
copy source_blobs (repository_id, blob_sha, language, extractor_version, content, words, lines, has_errors, names, outline,
    rows, is_generated)
from stdin (format binary)

-- name: files
select file_id, path, blob_sha, language, tags, digest, names, reads, entries from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s

-- name: skipped
select path from skipped_files where repository_id = %(repository_id)s and index_id = %(index_id)s

-- name: delete_files
with gone as (select unnest(%(file_ids)s::integer[]) as id),
    files as (
        delete from indexed_files using gone
        where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = gone.id),
    their_symbols as (
        delete from symbols using gone
        where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = gone.id),
    their_references as (
        delete from symbol_references using gone
        where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = gone.id),
    their_relations as (
        delete from symbol_relations using gone
        where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = gone.id)
delete from dependency_graph using gone
where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = gone.id

-- name: copy_files
copy indexed_files (repository_id, index_id, file_id, path, raw_path, language, blob_sha, extractor_version, size_bytes,
    lines, has_errors, tags, digest, symbols, "references", dependencies, names, reads,
    entries) from stdin

-- name: copy_symbols
copy symbols (repository_id, index_id, file_id, entry_point, symbol_id, name, qualified_name, kind, line_start, line_end, column_start,
    column_end, name_line, name_column, signature, documentation, exported, is_async, access) from stdin (format binary)

-- name: copy_references
copy symbol_references (repository_id, index_id, file_id, target_file_id, kind, name, enclosing_symbol_id,
    target_symbol_id, resolution, package, line, occurrences, positions) from stdin (format binary)

-- name: copy_dependencies
copy dependency_graph (repository_id, index_id, from_file_id, dependency_id, to_file_id, package, kind, specifier,
    type_only, line) from stdin (format binary)

-- name: copy_relations
copy symbol_relations (repository_id, index_id, file_id, symbol_id, to_file_id, to_symbol_id, kind)
from stdin (format binary)

-- name: delete_skipped
delete from skipped_files t
where t.repository_id = %(repository_id)s and t.index_id = %(index_id)s and not exists (
    select from unnest(%(file_ids)s::integer[], %(reasons)s::skip_reason[], %(blob_shas)s::text[], %(languages)s::text[])
        as entry (file_id, reason, blob_sha, language)
    where entry.file_id = t.file_id and entry.reason = t.reason
        and (entry.blob_sha, entry.language) is not distinct from (t.blob_sha, t.language))

-- name: add_skipped
insert into skipped_files (repository_id, index_id, file_id, path, reason, blob_sha, language)
select %(repository_id)s, %(index_id)s, entry.*
from unnest(%(file_ids)s::integer[], %(paths)s::text[], %(reasons)s::skip_reason[], %(blob_shas)s::text[],
    %(languages)s::text[]) as entry
on conflict do nothing

-- name: begin_shadow
-- Tables of the same names, which this session finds first: what is written now goes there.
create temporary table indexed_files (like kotadb.indexed_files) on commit drop;
create temporary table symbols (like kotadb.symbols) on commit drop;
create temporary table symbol_references (like kotadb.symbol_references) on commit drop;
create temporary table dependency_graph (like kotadb.dependency_graph) on commit drop;
create temporary table symbol_relations (like kotadb.symbol_relations) on commit drop

-- name: drift
-- The files of which any row differs, with what they are called.
with here as (select %(repository_id)s::bigint as repository_id, %(index_id)s::integer as index_id),
    files as (select t.* from kotadb.indexed_files t join here using (repository_id, index_id)),
    their_symbols as (select t.* from kotadb.symbols t join here using (repository_id, index_id)),
    their_references as (select t.* from kotadb.symbol_references t join here using (repository_id, index_id)),
    dependencies as (select t.* from kotadb.dependency_graph t join here using (repository_id, index_id)),
    relations as (select t.* from kotadb.symbol_relations t join here using (repository_id, index_id)),
    different as (
        select file_id from (table files except all table pg_temp.indexed_files) a
        union select file_id from (table pg_temp.indexed_files except all table files) a
        union select file_id from (table their_symbols except all table pg_temp.symbols) a
        union select file_id from (table pg_temp.symbols except all table their_symbols) a
        union select file_id from (table their_references except all table pg_temp.symbol_references) a
        union select file_id from (table pg_temp.symbol_references except all table their_references) a
        union select from_file_id from (table dependencies except all table pg_temp.dependency_graph) a
        union select from_file_id from (table pg_temp.dependency_graph except all table dependencies) a
        union select file_id from (table relations except all table pg_temp.symbol_relations) a
        union select file_id from (table pg_temp.symbol_relations except all table relations) a)
select d.file_id, named.path
from different d
left join pg_temp.indexed_files n using (file_id)
left join files f using (file_id)
cross join lateral (select coalesce(n.path, f.path, d.file_id::text) as path) named
order by named.path collate "C"

-- name: repair_delete
with gone as (select unnest(%(file_ids)s::integer[]) as id),
    files as (
        delete from kotadb.indexed_files using gone
        where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = gone.id),
    their_symbols as (
        delete from kotadb.symbols using gone
        where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = gone.id),
    their_references as (
        delete from kotadb.symbol_references using gone
        where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = gone.id),
    their_relations as (
        delete from kotadb.symbol_relations using gone
        where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = gone.id)
delete from kotadb.dependency_graph using gone
where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = gone.id

-- name: repair_files
insert into kotadb.indexed_files select * from pg_temp.indexed_files where file_id = any(%(file_ids)s)

-- name: repair_symbols
insert into kotadb.symbols select * from pg_temp.symbols where file_id = any(%(file_ids)s)

-- name: repair_references
insert into kotadb.symbol_references select * from pg_temp.symbol_references where file_id = any(%(file_ids)s)

-- name: repair_dependencies
insert into kotadb.dependency_graph select * from pg_temp.dependency_graph where from_file_id = any(%(file_ids)s)

-- name: repair_relations
insert into kotadb.symbol_relations select * from pg_temp.symbol_relations where file_id = any(%(file_ids)s)

-- name: end_shadow
drop table pg_temp.indexed_files, pg_temp.symbols, pg_temp.symbol_references, pg_temp.dependency_graph,
    pg_temp.symbol_relations

-- name: store
select store_indexed_data(%(job_id)s, %(claim)s, %(commit_sha)s, %(branch)s, %(extractor_version)s, %(limits)s,
    %(manifests)s, %(stats)s) as stats

-- name: add_words
insert into vocabulary (repository_id, words) values (%(repository_id)s, %(words)s)

-- name: put_words_in_place
-- What is new waits in a list that is read whole for each word that is looked up.
select gin_clean_pending_list('source_blobs_words')

-- name: segments
select count(*) as segments, coalesce(sum(octet_length(words)), 0) as bytes,
    coalesce(max(octet_length(words)), 0) as largest
from vocabulary where repository_id = %(repository_id)s

-- name: take_segments
delete from vocabulary where repository_id = %(repository_id)s returning words

-- name: lock_blobs
-- Claims share this lock (jobs.sql): no run starts while blobs are collected, and we never wait for one that does.
select pg_try_advisory_xact_lock(hashtextextended('blobs', %(repository_id)s)) as locked

-- name: has_runs
-- Runs, and jobs that wait again: what they have parsed already must not be parsed twice.
select from index_jobs
where repository_id = %(repository_id)s and (status = 'processing' or (status = 'pending' and claim is not null))
limit 1

-- name: collect_blobs
delete from source_blobs b
where b.repository_id = %(repository_id)s and not exists (
    select from indexed_files f
    where f.repository_id = b.repository_id and f.blob_sha = b.blob_sha and f.language = b.language
        and f.extractor_version = b.extractor_version)

-- name: knows_little
-- Whether so many files are more than the planner may be wrong about, as autovacuum sees it: a tenth.
select %(files)s > 0.1 * greatest(reltuples, 0) as little from pg_class where oid = 'indexed_files'::regclass

-- name: analyze
analyze indexed_files, skipped_files, symbols, symbol_references, dependency_graph, symbol_relations,
    source_blobs (repository_id, blob_sha, language, extractor_version)
