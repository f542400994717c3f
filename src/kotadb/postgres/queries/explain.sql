-- What is known of a path or a name, and why no more is.

-- name: file
select path, language, size_bytes, lines, tags, has_errors, symbols, "references", dependencies
from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = %(file_id)s

-- name: missing_imports
select specifier, kind::text, line
from dependency_graph
where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = %(file_id)s
    and to_file_id is null and package is null
order by line, dependency_id

-- name: unresolved
-- Of each kind how often, and the first of its names with their first lines.
select kind::text, sum(occurrences)::integer as occurrences, count(*)::integer as names,
    jsonb_agg(jsonb_build_object('name', name, 'line', line) order by position) filter (where position <= %(limit)s)
        as first
from (
    select kind, name, min(line) as line, sum(occurrences) as occurrences,
        row_number() over (partition by kind order by min(line), name collate "C") as position
    from symbol_references
    where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = %(file_id)s
        and target_file_id is null and package is null
    group by kind, name) by_name
group by kind
order by occurrences desc, kind

-- name: folder
select (
        select count(*) from indexed_files
        where repository_id = %(repository_id)s and index_id = %(index_id)s and starts_with(path, %(start)s)
    ) as indexed, (
        select coalesce(jsonb_object_agg(reason, n), '{}')
        from (
            select reason, count(*) as n from skipped_files
            where repository_id = %(repository_id)s and index_id = %(index_id)s and starts_with(path, %(start)s)
            group by reason) by_reason) as skipped

-- name: definitions
-- Those of this name; qualified ones if it is asked for with what is before it. The window counts all of them.
select f.path, s.qualified_name, s.kind::text, s.name_line as line, count(*) over () as total,
    s.name = %(name)s as is_exact
from symbols s
cross join lateral (
    select path, tags from indexed_files f
    where (f.repository_id, f.index_id, f.file_id) = (s.repository_id, s.index_id, s.file_id) limit 1) f
where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and lower(s.name) = lower(%(name)s)
    and right('.' || lower(s.qualified_name), length(%(qualified)s) + 1) = '.' || lower(%(qualified)s)
order by is_exact desc, s.exported desc, f.tags && array['test', 'generated'], f.path collate "C", s.name_line
limit %(limit)s

-- name: unresolved_uses
select f.path, r.line, r.kind::text, count(*) over () as total
from symbol_references r
cross join lateral (
    select path from indexed_files f
    where (f.repository_id, f.index_id, f.file_id) = (r.repository_id, r.index_id, r.file_id) limit 1) f
where r.repository_id = %(repository_id)s and r.index_id = %(index_id)s and r.name = %(name)s
    and r.target_file_id is null and r.package is null
order by f.path collate "C", r.line
limit %(limit)s

-- name: texts
-- The first files that the index of words finds, in no order, and no more: a word may be everywhere.
select f.file_id, f.path, 1 + length(b.before) - length(replace(b.before, chr(10), '')) as line
from (
    select repository_id, blob_sha, language, left(content, regexp_instr(content, %(pattern)s) - 1) as before
    from source_blobs
    where repository_id = %(repository_id)s and content like %(like)s and content ~ %(pattern)s) b
cross join lateral (
    select file_id, path from indexed_files f
    where (f.repository_id, f.blob_sha, f.language) = (b.repository_id, b.blob_sha, b.language)
        and f.index_id = %(index_id)s
    limit %(limit)s) f
limit %(limit)s

-- name: uses_of_packages
select package, count(*)::integer as uses
from symbol_references
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s) and name = %(name)s
    and package is not null
group by package
order by uses desc, package collate "C"

-- name: imports_of_package
select count(distinct from_file_id)::integer as files, count(*)::integer as imports
from dependency_graph
where repository_id = %(repository_id)s and index_id = %(index_id)s and package = %(package)s
