-- An index file by file, for the SCIP format: some files at a time. Then what a compiler's index changes in it.

-- name: files
select file_id, path, language, size_bytes, tags from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s
order by path collate "C"

-- name: texts
select f.file_id, b.content
from indexed_files f
join source_blobs b on (b.repository_id, b.blob_sha, b.language, b.extractor_version)
    = (f.repository_id, f.blob_sha, f.language, f.extractor_version)
where f.repository_id = %(repository_id)s and f.index_id = %(index_id)s and f.file_id = any(%(file_ids)s)

-- name: symbols
-- In the order in which they begin, an outer one before what is in it.
select file_id, symbol_id, name, qualified_name, kind::text, exported, line_start, line_end, column_start, column_end,
    name_line, name_column, signature, documentation
from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
order by file_id, line_start, column_start, line_end desc, column_end desc, name_line, name_column, symbol_id

-- name: names
-- The same, without what is not needed to call them by their names.
select file_id, symbol_id, name, qualified_name, kind::text, exported
from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
order by file_id, line_start, column_start, line_end desc, column_end desc, name_line, name_column, symbol_id

-- name: paths
select file_id, path from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
union all
select file_id, path from skipped_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)

-- name: references
-- Those of which something is known.
select r.file_id, r.kind::text, r.name, r.package, r.target_file_id, r.target_symbol_id, r.positions,
    u.file_id is not null as is_skipped
from symbol_references r
left join skipped_files u on (u.repository_id, u.index_id, u.file_id) = (r.repository_id, r.index_id, r.target_file_id)
where r.repository_id = %(repository_id)s and r.index_id = %(index_id)s and r.file_id = any(%(file_ids)s)
    and (r.target_file_id is not null or r.package is not null)

-- name: relations
-- What the symbols of these files extend or implement, and the members in them that override one.
select file_id, symbol_id, to_file_id as target_file_id, to_symbol_id as target_symbol_id, kind = 'overrides' as is_member
from symbol_relations
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)

-- name: keep_runs_away
-- Claims share this lock (jobs.sql): no run of the repository starts until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('blobs', %(repository_id)s))

-- name: hold
-- Nor is the index deleted meanwhile.
select from indexes where repository_id = %(repository_id)s and index_id = %(index_id)s for no key update

-- name: running
select id from index_jobs where index_id = %(index_id)s and status = 'processing'

-- name: skipped
select path from skipped_files where repository_id = %(repository_id)s and index_id = %(index_id)s

-- name: all_references
select file_id, kind::text, name, enclosing_symbol_id, target_file_id, target_symbol_id, resolution::text, package, positions
from symbol_references
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)

-- name: delete_references
delete from symbol_references
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)

-- name: mark_files
-- Their counts; and a digest that no linking makes, with nothing known of what was read: whatever run comes next links
-- these files again, and writes them.
update indexed_files f
set "references" = (
        select coalesce(sum(r.occurrences), 0) from symbol_references r
        where (r.repository_id, r.index_id, r.file_id) = (f.repository_id, f.index_id, f.file_id)),
    dependencies = (
        select count(*) from dependency_graph d
        where (d.repository_id, d.index_id, d.from_file_id) = (f.repository_id, f.index_id, f.file_id))
        + (
        select count(*) from symbol_uses u
        where (u.repository_id, u.index_id, u.from_file_id) = (f.repository_id, f.index_id, f.file_id)),
    digest = substring(sha256(f.digest || 'scip') for 16),
    reads = null
where f.repository_id = %(repository_id)s and f.index_id = %(index_id)s and f.file_id = any(%(file_ids)s)

-- name: mark_index
-- A new time: whoever reads on in pages must begin again.
update indexes i
set indexed_at = clock_timestamp(),
    stats = i.stats || jsonb_build_object(
        'references_found', counted."references",
        'dependencies_extracted', counted.dependencies,
        'imported', jsonb_path_query_array(i.stats, '$.imported[*] ? (@.sha256 != $new)', jsonb_build_object('new', %(sha256)s::text))
            || %(imported)s::jsonb)
from (
    select coalesce(sum("references"), 0) as "references", coalesce(sum(dependencies), 0) as dependencies
    from indexed_files where repository_id = %(repository_id)s and index_id = %(index_id)s) counted
where i.repository_id = %(repository_id)s and i.index_id = %(index_id)s
