-- Files of an index by their paths, and the edges between them.
--
-- What rows refer to is looked up by key, in laterals with a limit, which no planner turns into a join. Where statistics
-- are missing or old, it would take an index for a single row, and read all of it again for each row it joins.

-- name: entries
-- Paths have no index of their own: they may be longer than an entry of one, and a scan takes milliseconds.
select file_id, path, language, has_errors, null as skipped
from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and path = any(%(paths)s)
union all
select file_id, path, null, null, reason::text
from skipped_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and path = any(%(paths)s)

-- name: in_folder
select path
from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and starts_with(path, %(start)s)
order by path collate "C" limit %(limit)s

-- name: similar
select path
from (
    select path from indexed_files where repository_id = %(repository_id)s and index_id = %(index_id)s
    union all
    select path from skipped_files where repository_id = %(repository_id)s and index_id = %(index_id)s
) entries,
    lateral (select lower(regexp_replace(path, '^.*/', '')) as name) part
where part.name = lower(%(name)s) or starts_with(part.name, lower(%(name)s) || '.')
order by strpos('/' || path, '/' || %(path)s) > 0 desc, length(path), path collate "C" limit %(limit)s

-- name: outgoing
select coalesce(t.path, u.path) as path, u.reason::text as skipped, d.package, d.kind, d.specifier, d.type_only,
    d.line, a.qualified_name as from_symbol, b.qualified_name as to_symbol
from (
    select to_file_id, dependency_id, package, kind::text, specifier, type_only, line,
        null::integer as from_symbol_id, null::integer as to_symbol_id
    from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = %(file_id)s
    union all
    select to_file_id, null, null, 'use', null, false, line, from_symbol_id, to_symbol_id
    from symbol_uses
    where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = %(file_id)s
        and to_file_id <> %(file_id)s) d
left join lateral (
    select path from indexed_files t
    where (t.repository_id, t.index_id, t.file_id) = (%(repository_id)s, %(index_id)s, d.to_file_id) limit 1) t on true
left join lateral (
    select path, reason from skipped_files u
    where (u.repository_id, u.index_id, u.file_id) = (%(repository_id)s, %(index_id)s, d.to_file_id) limit 1) u on true
left join lateral (
    select qualified_name, name_line, name_column from symbols a
    where (a.repository_id, a.index_id, a.file_id, a.symbol_id)
        = (%(repository_id)s, %(index_id)s, %(file_id)s, d.from_symbol_id) limit 1) a on true
left join lateral (
    select qualified_name, name_line, name_column from symbols b
    where (b.repository_id, b.index_id, b.file_id, b.symbol_id)
        = (%(repository_id)s, %(index_id)s, d.to_file_id, d.to_symbol_id) limit 1) b on true
order by coalesce(t.path, u.path, d.package) collate "C", d.line, d.dependency_id, a.name_line, a.name_column,
    b.name_line, b.name_column

-- name: incoming
select f.path, null as skipped, d.kind, d.specifier, d.type_only, d.line, a.qualified_name as from_symbol,
    b.qualified_name as to_symbol
from (
    select from_file_id, dependency_id, kind::text, specifier, type_only, line,
        null::integer as from_symbol_id, null::integer as to_symbol_id
    from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and to_file_id = %(file_id)s
    union all
    select from_file_id, null, 'use', null, false, line, from_symbol_id, to_symbol_id
    from symbol_uses
    where repository_id = %(repository_id)s and index_id = %(index_id)s and to_file_id = %(file_id)s
        and from_file_id <> %(file_id)s) d
cross join lateral (
    select path, language from indexed_files f
    where (f.repository_id, f.index_id, f.file_id) = (%(repository_id)s, %(index_id)s, d.from_file_id) limit 1) f
left join lateral (
    select qualified_name, name_line, name_column from symbols a
    where (a.repository_id, a.index_id, a.file_id, a.symbol_id)
        = (%(repository_id)s, %(index_id)s, d.from_file_id, d.from_symbol_id) limit 1) a on true
left join lateral (
    select qualified_name, name_line, name_column from symbols b
    where (b.repository_id, b.index_id, b.file_id, b.symbol_id)
        = (%(repository_id)s, %(index_id)s, %(file_id)s, d.to_symbol_id) limit 1) b on true
order by f.path collate "C", d.line, d.dependency_id, a.name_line, a.name_column, b.name_line, b.name_column

-- name: skipped
select path, reason::text from skipped_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and reason = any(%(reasons)s::skip_reason[])

-- name: files_with_errors
select count(*) from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and has_errors and language = any(%(languages)s)

-- name: missing_imports
select count(*)
from dependency_graph d
cross join lateral (
    select path, language from indexed_files f
    where (f.repository_id, f.index_id, f.file_id) = (d.repository_id, d.index_id, d.from_file_id) limit 1) f
where d.repository_id = %(repository_id)s and d.index_id = %(index_id)s and d.to_file_id is null and d.package is null
    and f.language = any(%(languages)s)
