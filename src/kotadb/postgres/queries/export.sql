-- Everything an index holds, in an order that does not depend on ids.

-- name: read_all
-- All rows are read. Where statistics are missing or old, the planner takes an index for small, joins it by nested loops,
-- and takes minutes for what hash joins do in seconds.
set local enable_nestloop = off;
set local cursor_tuple_fraction = 1

-- name: files
select path, language, blob_sha, size_bytes, lines, has_errors, tags
from indexed_files where repository_id = %(repository_id)s and index_id = %(index_id)s
order by path collate "C"

-- name: skipped
select path, reason::text from skipped_files where repository_id = %(repository_id)s and index_id = %(index_id)s
order by path collate "C", reason

-- name: symbols
select f.path, s.name, s.qualified_name, s.kind::text, s.line_start, s.line_end, s.column_start, s.column_end, s.name_line,
    s.name_column, s.signature, s.documentation, s.exported, s.is_async as async, s.access::text,
    s.entry_point::text
from symbols s join indexed_files f using (repository_id, index_id, file_id)
where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s
order by f.path collate "C", s.name_line, s.name_column, s.kind, s.qualified_name collate "C"

-- name: references
-- In the order of files; what is in one file is put in order where the packed positions are unpacked.
select f.path, r.name, r.kind::text, e.qualified_name as enclosing, coalesce(t.path, u.path) as target_path,
    s.qualified_name as target, r.resolution::text, r.package, r.positions
from symbol_references r
join indexed_files f using (repository_id, index_id, file_id)
left join symbols e on (e.repository_id, e.index_id, e.file_id, e.symbol_id)
    = (r.repository_id, r.index_id, r.file_id, r.enclosing_symbol_id)
left join indexed_files t on (t.repository_id, t.index_id, t.file_id) = (r.repository_id, r.index_id, r.target_file_id)
left join skipped_files u on (u.repository_id, u.index_id, u.file_id) = (r.repository_id, r.index_id, r.target_file_id)
left join symbols s on (s.repository_id, s.index_id, s.file_id, s.symbol_id)
    = (r.repository_id, r.index_id, r.target_file_id, r.target_symbol_id)
where r.repository_id = %(repository_id)s and r.index_id = %(index_id)s
order by f.path collate "C", r.file_id

-- name: dependencies
-- Imports in the order of the source, then which symbol uses which.
select f.path as from_path, coalesce(t.path, u.path) as to_path, d.package, d.kind, d.specifier, d.type_only, d.line,
    a.qualified_name as from_symbol, b.qualified_name as to_symbol
from (
    select from_file_id, dependency_id, to_file_id, package, kind::text, specifier, type_only, line,
        null::integer as from_symbol_id, null::integer as to_symbol_id
    from dependency_graph where repository_id = %(repository_id)s and index_id = %(index_id)s
    union all
    select from_file_id, null, to_file_id, null, 'use', null, false, line, from_symbol_id, to_symbol_id
    from symbol_uses where repository_id = %(repository_id)s and index_id = %(index_id)s) d
join indexed_files f on (f.repository_id, f.index_id, f.file_id)
    = (%(repository_id)s, %(index_id)s, d.from_file_id)
left join indexed_files t on (t.repository_id, t.index_id, t.file_id)
    = (%(repository_id)s, %(index_id)s, d.to_file_id)
left join skipped_files u on (u.repository_id, u.index_id, u.file_id)
    = (%(repository_id)s, %(index_id)s, d.to_file_id)
left join symbols a on (a.repository_id, a.index_id, a.file_id, a.symbol_id)
    = (%(repository_id)s, %(index_id)s, d.from_file_id, d.from_symbol_id)
left join symbols b on (b.repository_id, b.index_id, b.file_id, b.symbol_id)
    = (%(repository_id)s, %(index_id)s, d.to_file_id, d.to_symbol_id)
order by f.path collate "C", d.from_file_id, d.dependency_id, d.line, a.name_line, a.name_column,
    coalesce(t.path, u.path) collate "C", b.name_line, b.name_column

-- name: relations
-- A getter and a setter of one name are one line.
select f.path, s.qualified_name as symbol, t.path as to_path, b.qualified_name as to_symbol, r.kind::text
from symbol_relations r
join indexed_files f using (repository_id, index_id, file_id)
join symbols s using (repository_id, index_id, file_id, symbol_id)
join indexed_files t on (t.repository_id, t.index_id, t.file_id)
    = (%(repository_id)s, %(index_id)s, r.to_file_id)
join symbols b on (b.repository_id, b.index_id, b.file_id, b.symbol_id)
    = (%(repository_id)s, %(index_id)s, r.to_file_id, r.to_symbol_id)
where r.repository_id = %(repository_id)s and r.index_id = %(index_id)s
group by f.path, s.qualified_name, t.path, b.qualified_name, r.kind
order by f.path collate "C", min(s.name_line), min(s.name_column), s.qualified_name collate "C", r.kind,
    t.path collate "C", b.qualified_name collate "C"

-- name: file_edges
-- Also asked outside of an export, hence the laterals: see graph.sql. `deferred`: the statement is in a function, and
-- followed when that is called. Of a function without a name this is not seen.
select f.path as from_path, coalesce(t.path, u.path) as to_path, d.kind::text, d.type_only, exists (
        select from symbols s
        where (s.repository_id, s.index_id, s.file_id) = (d.repository_id, d.index_id, d.from_file_id)
            and s.kind in ('function', 'method', 'constructor', 'getter', 'setter')
            and d.line between s.line_start and s.line_end) as deferred
from dependency_graph d
cross join lateral (
    select path from indexed_files f
    where (f.repository_id, f.index_id, f.file_id) = (d.repository_id, d.index_id, d.from_file_id) limit 1) f
left join lateral (
    select path from indexed_files t
    where (t.repository_id, t.index_id, t.file_id) = (d.repository_id, d.index_id, d.to_file_id) limit 1) t on true
left join lateral (
    select path from skipped_files u
    where (u.repository_id, u.index_id, u.file_id) = (d.repository_id, d.index_id, d.to_file_id) limit 1) u on true
where d.repository_id = %(repository_id)s and d.index_id = %(index_id)s and d.to_file_id is not null
order by f.path collate "C", d.dependency_id
