-- Blobs, and the staging of an index.

-- name: known_blobs
select blob_sha, language from source_blobs
where repository_id = %(repository_id)s and extractor_version = %(extractor_version)s

-- name: facts
select blob_sha, language, facts from source_blobs
where repository_id = %(repository_id)s and extractor_version = %(extractor_version)s and blob_sha = any(%(blob_shas)s)

-- name: content
select content from source_blobs
where repository_id = %(repository_id)s and blob_sha = %(blob_sha)s and language = %(language)s
    and extractor_version = %(extractor_version)s

-- name: stage_blobs
-- COPY has no ON CONFLICT, hence the detour.
create temporary table staged_blobs on commit drop as
    select blob_sha, language, content, facts from source_blobs with no data

-- name: copy_blobs
copy staged_blobs (blob_sha, language, content, facts) from stdin

-- name: add_blobs
-- In hash order: two runs that add the same blobs in opposite orders would deadlock.
insert into source_blobs (repository_id, blob_sha, language, extractor_version, content, facts)
select %(repository_id)s, blob_sha, language, %(extractor_version)s, content, facts from staged_blobs
order by blob_sha, language
on conflict do nothing

-- name: replace_blobs
insert into source_blobs (repository_id, blob_sha, language, extractor_version, content, facts)
select %(repository_id)s, blob_sha, language, %(extractor_version)s, content, facts from staged_blobs
order by blob_sha, language
on conflict (repository_id, blob_sha, language, extractor_version)
do update set content = excluded.content, facts = excluded.facts

-- name: digests
select file_id, digest from indexed_files where repository_id = %(repository_id)s and index_id = %(index_id)s

-- name: stage_index
create temporary table staged_files on commit drop as
    select file_id, path, raw_path, language, blob_sha, extractor_version, size_bytes, lines, has_errors, tags, digest
    from indexed_files with no data;
create temporary table staged_skipped on commit drop as
    select file_id, path, reason from skipped_files with no data;
create temporary table staged_symbols on commit drop as
    select file_id, symbol_id, name, qualified_name, kind, line_start, line_end, column_start, column_end, name_line,
        name_column, signature, documentation, exported, is_async, access
    from symbols with no data;
create temporary table staged_references on commit drop as
    select file_id, reference_id, name, kind, enclosing_symbol_id, target_file_id, target_symbol_id, resolution, package,
        occurrences, positions
    from symbol_references with no data;
create temporary table staged_dependencies on commit drop as
    select from_file_id, dependency_id, to_file_id, package, kind, specifier, type_only, line, from_symbol_id, to_symbol_id
    from dependency_graph with no data

-- name: copy_files
copy staged_files (file_id, path, raw_path, language, blob_sha, extractor_version, size_bytes, lines, has_errors, tags,
    digest) from stdin

-- name: copy_skipped
copy staged_skipped (file_id, path, reason) from stdin

-- name: copy_symbols
copy staged_symbols (file_id, symbol_id, name, qualified_name, kind, line_start, line_end, column_start, column_end,
    name_line, name_column, signature, documentation, exported, is_async, access) from stdin

-- name: copy_references
copy staged_references (file_id, reference_id, name, kind, enclosing_symbol_id, target_file_id, target_symbol_id,
    resolution, package, occurrences, positions) from stdin

-- name: copy_dependencies
copy staged_dependencies (from_file_id, dependency_id, to_file_id, package, kind, specifier, type_only, line,
    from_symbol_id, to_symbol_id) from stdin

-- name: store
select store_indexed_data(%(job_id)s, %(claim)s, %(commit_sha)s, %(branch)s, %(extractor_version)s, %(limits)s, %(rewrite)s,
    %(stats)s) as stats

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
analyze indexed_files, skipped_files, symbols, symbol_references, dependency_graph
