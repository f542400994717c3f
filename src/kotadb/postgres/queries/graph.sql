-- Files of an index by their paths, and the edges between them.
--
-- What rows refer to is looked up by key, in laterals with a limit, which no planner turns into a join. Where statistics
-- are missing or old, it would take an index for a single row, and read all of it again for each row it joins.

-- name: entries
-- Paths have no index of their own: they may be longer than an entry of one, and a scan takes milliseconds.
select file_id, path, language, tags, symbols, has_errors, null as skipped
from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and path = any(%(paths)s)
union all
select file_id, path, null, null, null, null, reason::text
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

-- name: files_in
select file_id, language, has_errors
from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and starts_with(path, %(start)s)

-- name: languages_importing
select distinct f.language
from dependency_graph d
join indexed_files f on (f.repository_id, f.index_id, f.file_id) = (d.repository_id, d.index_id, d.from_file_id)
where d.repository_id = %(repository_id)s and d.index_id = %(index_id)s and d.package = %(package)s

-- name: next_out
-- The files that imports and uses in these lead to.
select file_id, min(near) as near
from (
    select to_file_id as file_id, from_file_id as near from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = any(%(file_ids)s)
        and to_file_id is not null and kind = any(%(imports)s::dependency_kind[])
        and (%(within)s or to_file_id <> all(%(file_ids)s))
    union all
    select target_file_id, file_id from symbol_references
    where %(uses)s and repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
        and target_symbol_id is not null and enclosing_symbol_id is not null and kind not in ('import', 'reexport')
        and case when %(symbol_ids)s::integer[] is null then target_file_id <> all(%(file_ids)s)
            else enclosing_symbol_id = any(%(symbol_ids)s)
                and not (target_file_id = any(%(file_ids)s) and target_symbol_id = any(%(symbol_ids)s)) end) edges
group by file_id

-- name: next_in
-- The files in which imports of these are, and uses of their symbols.
select file_id, min(near) as near
from (
    select from_file_id as file_id, to_file_id as near from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and to_file_id = any(%(file_ids)s)
        and kind = any(%(imports)s::dependency_kind[]) and (%(within)s or from_file_id <> all(%(file_ids)s))
    union all
    select file_id, target_file_id from symbol_references
    where %(uses)s and repository_id = %(repository_id)s and index_id = %(index_id)s
        and target_file_id = any(%(file_ids)s)
        and (%(symbol_ids)s::integer[] is null or target_symbol_id = any(%(symbol_ids)s))
        and target_symbol_id is not null and enclosing_symbol_id is not null and kind not in ('import', 'reexport')
        and case when %(symbol_ids)s::integer[] is null then file_id <> all(%(file_ids)s)
            else not (file_id = any(%(file_ids)s) and enclosing_symbol_id = any(%(symbol_ids)s)) end) edges
group by file_id

-- name: importing
select distinct from_file_id as file_id
from dependency_graph
where repository_id = %(repository_id)s and index_id = %(index_id)s and package = %(package)s
    and kind = any(%(imports)s::dependency_kind[])

-- name: edges_out
select d.other, n.path as at, d.kind, d.specifier, d.type_only, d.line, a.qualified_name as from_symbol,
    b.qualified_name as to_symbol
from (
    select from_file_id as here, to_file_id as other, dependency_id, kind::text, specifier, type_only, line,
        null::integer as from_symbol_id, null::integer as to_symbol_id
    from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = any(%(file_ids)s)
        and to_file_id = any(%(others)s) and kind = any(%(imports)s::dependency_kind[])
    union all
    select file_id, target_file_id, null, 'use', null, false, min(line), enclosing_symbol_id, target_symbol_id
    from symbol_references
    where %(uses)s and repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
        and target_file_id = any(%(others)s)
        and target_symbol_id is not null and enclosing_symbol_id is not null and kind not in ('import', 'reexport')
        and case when %(symbol_ids)s::integer[] is null then target_file_id <> all(%(file_ids)s)
            else enclosing_symbol_id = any(%(symbol_ids)s)
                and not (target_file_id = any(%(file_ids)s) and target_symbol_id = any(%(symbol_ids)s)) end
    group by file_id, target_file_id, enclosing_symbol_id, target_symbol_id) d
cross join lateral (
    select path from indexed_files n
    where (n.repository_id, n.index_id, n.file_id) = (%(repository_id)s, %(index_id)s, d.here) limit 1) n
left join lateral (
    select qualified_name, name_line, name_column from symbols a
    where (a.repository_id, a.index_id, a.file_id, a.symbol_id)
        = (%(repository_id)s, %(index_id)s, d.here, d.from_symbol_id) limit 1) a on true
left join lateral (
    select qualified_name, name_line, name_column from symbols b
    where (b.repository_id, b.index_id, b.file_id, b.symbol_id)
        = (%(repository_id)s, %(index_id)s, d.other, d.to_symbol_id) limit 1) b on true
order by n.path collate "C", d.line, d.dependency_id, a.name_line, a.name_column, b.name_line, b.name_column

-- name: edges_in
select d.other, n.path as at, d.kind, d.specifier, d.type_only, d.line, a.qualified_name as from_symbol,
    b.qualified_name as to_symbol
from (
    select to_file_id as here, from_file_id as other, dependency_id, kind::text, specifier, type_only, line,
        null::integer as from_symbol_id, null::integer as to_symbol_id
    from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and to_file_id = any(%(file_ids)s)
        and from_file_id = any(%(others)s) and kind = any(%(imports)s::dependency_kind[])
    union all
    select target_file_id, file_id, null, 'use', null, false, min(line), enclosing_symbol_id, target_symbol_id
    from symbol_references
    where %(uses)s and repository_id = %(repository_id)s and index_id = %(index_id)s
        and target_file_id = any(%(file_ids)s) and file_id = any(%(others)s)
        and (%(symbol_ids)s::integer[] is null or target_symbol_id = any(%(symbol_ids)s))
        and target_symbol_id is not null and enclosing_symbol_id is not null and kind not in ('import', 'reexport')
        and case when %(symbol_ids)s::integer[] is null then file_id <> all(%(file_ids)s)
            else not (file_id = any(%(file_ids)s) and enclosing_symbol_id = any(%(symbol_ids)s)) end
    group by target_file_id, file_id, enclosing_symbol_id, target_symbol_id) d
left join lateral (
    select path from indexed_files n
    where (n.repository_id, n.index_id, n.file_id) = (%(repository_id)s, %(index_id)s, d.here) limit 1) n on true
left join lateral (
    select qualified_name, name_line, name_column from symbols a
    where (a.repository_id, a.index_id, a.file_id, a.symbol_id)
        = (%(repository_id)s, %(index_id)s, d.other, d.from_symbol_id) limit 1) a on true
left join lateral (
    select qualified_name, name_line, name_column from symbols b
    where (b.repository_id, b.index_id, b.file_id, b.symbol_id)
        = (%(repository_id)s, %(index_id)s, d.here, d.to_symbol_id) limit 1) b on true
order by n.path collate "C", d.line, d.dependency_id, a.name_line, a.name_column, b.name_line, b.name_column

-- name: imports_of_package
select from_file_id as other, null as at, kind::text, specifier, type_only, line, null as from_symbol, null as to_symbol
from dependency_graph
where repository_id = %(repository_id)s and index_id = %(index_id)s and package = %(package)s
    and from_file_id = any(%(others)s) and kind = any(%(imports)s::dependency_kind[])
order by from_file_id, line, dependency_id

-- name: outside
select n.path as at, d.package, d.kind::text, d.specifier, d.type_only, d.line
from dependency_graph d
cross join lateral (
    select path from indexed_files n
    where (n.repository_id, n.index_id, n.file_id) = (%(repository_id)s, %(index_id)s, d.from_file_id) limit 1) n
where d.repository_id = %(repository_id)s and d.index_id = %(index_id)s and d.from_file_id = any(%(file_ids)s)
    and d.to_file_id is null and d.kind = any(%(imports)s::dependency_kind[])
order by d.package collate "C" nulls first, n.path collate "C", d.line, d.dependency_id limit %(limit)s

-- name: named_files
select file_id, path, tags, null as skipped
from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
union all
select file_id, path, '{}', reason::text
from skipped_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)

-- name: symbols_within
select symbol_id
from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = %(file_id)s
    and (qualified_name = %(qualified_name)s or starts_with(qualified_name, %(qualified_name)s || '.'))

-- name: skipped
select path, reason::text from skipped_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and reason = any(%(reasons)s::skip_reason[])

-- name: committed
-- The paths of all files of the commit, with the blobs of those that are indexed.
select path, blob_sha from indexed_files where repository_id = %(repository_id)s and index_id = %(index_id)s
union all
select path, null from skipped_files where repository_id = %(repository_id)s and index_id = %(index_id)s

-- name: files_with_errors
select language, count(*) from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and has_errors
group by language

-- name: missing_imports
select f.language, count(*)
from dependency_graph d
cross join lateral (
    select path, language from indexed_files f
    where (f.repository_id, f.index_id, f.file_id) = (d.repository_id, d.index_id, d.from_file_id) limit 1) f
where d.repository_id = %(repository_id)s and d.index_id = %(index_id)s and d.to_file_id is null and d.package is null
group by f.language
