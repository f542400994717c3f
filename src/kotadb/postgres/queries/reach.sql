-- Following edges level by level: each statement takes all nodes of a level at once. Their rows are looked up by key, in
-- laterals that no planner turns into a join: where statistics are missing or old it would read a whole table instead.

-- name: symbols_in
select file_id, symbol_id, name, qualified_name, kind::text, exported, line_start, line_end, column_start, name_line as line
from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
order by file_id, line_start, column_start, line_end desc, column_end desc, name_line, name_column

-- name: users
-- What refers to one of the symbols: each symbol, or file outside of its symbols, once, with the first line that does. What
-- only imports comes last, for a use says more.
select distinct on (r.file_id, r.symbol_id) r.file_id, r.symbol_id, r.kind::text, r.line,
    n.file_id as target_file_id, n.symbol_id as target_symbol_id
from unnest(%(file_ids)s::integer[], %(symbol_ids)s::integer[]) n (file_id, symbol_id)
cross join lateral (
    select file_id, enclosing_symbol_id as symbol_id, kind, line from symbol_references r
    where (r.repository_id, r.index_id, r.target_file_id, r.target_symbol_id)
        = (%(repository_id)s, %(index_id)s, n.file_id, n.symbol_id)
        and (%(imports)s or r.kind not in ('import', 'reexport'))
    offset 0) r
order by r.file_id, r.symbol_id, r.kind in ('import', 'reexport'), r.line, n.file_id, n.symbol_id

-- name: importers
-- The files that import one of the files, with the first line that does; of several the one that is not for types alone.
select distinct on (d.file_id) d.file_id, null::integer as symbol_id, d.kind::text, d.line,
    n.file_id as target_file_id, null::integer as target_symbol_id
from unnest(%(file_ids)s::integer[]) n (file_id)
cross join lateral (
    select from_file_id as file_id, kind, line, type_only from dependency_graph d
    where (d.repository_id, d.index_id, d.to_file_id) = (%(repository_id)s, %(index_id)s, n.file_id)
        and (%(types)s or not d.type_only)
    offset 0) d
order by d.file_id, d.type_only, d.line, n.file_id

-- name: declared_again
-- The symbols that are declared several times: overloads, accessors, branches of an `if`.
select file_id, array_agg(symbol_id) as symbol_ids
from symbols
where repository_id = %(repository_id)s and index_id = %(index_id)s
group by file_id, qualified_name
having count(*) > 1

-- name: constructors
select s.file_id, s.symbol_id, c.symbol_id as class_id
from symbols s
cross join lateral (
    select symbol_id from symbols c
    where (c.repository_id, c.index_id, c.file_id) = (s.repository_id, s.index_id, s.file_id)
        and c.qualified_name = left(s.qualified_name, -length(s.name) - 1) and c.kind = 'class'
    offset 0) c
where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and s.kind = 'constructor'

-- name: overriders
-- What overrides or implements one of these members.
select r.file_id, r.symbol_id, 'override' as kind, s.line, n.file_id as target_file_id, n.symbol_id as target_symbol_id
from unnest(%(file_ids)s::integer[], %(symbol_ids)s::integer[]) n (file_id, symbol_id)
cross join lateral (
    select file_id, symbol_id from symbol_relations r
    where (r.repository_id, r.index_id, r.to_file_id, r.to_symbol_id)
        = (%(repository_id)s, %(index_id)s, n.file_id, n.symbol_id) and r.kind = 'overrides'
    offset 0) r
cross join lateral (
    select name_line as line from symbols s
    where (s.repository_id, s.index_id, s.file_id, s.symbol_id)
        = (%(repository_id)s, %(index_id)s, r.file_id, r.symbol_id) limit 1) s
order by r.file_id, r.symbol_id, n.file_id, n.symbol_id

-- name: above
-- What these symbols extend, implement or override.
select r.file_id, r.symbol_id, r.kind, n.file_id as near_file_id, n.symbol_id as near_symbol_id
from unnest(%(file_ids)s::integer[], %(symbol_ids)s::integer[]) n (file_id, symbol_id)
cross join lateral (
    select to_file_id as file_id, to_symbol_id as symbol_id, kind::text from symbol_relations r
    where (r.repository_id, r.index_id, r.file_id) = (%(repository_id)s, %(index_id)s, n.file_id)
        and r.symbol_id = n.symbol_id
    offset 0) r
order by r.file_id, r.symbol_id, n.file_id, n.symbol_id

-- name: below
-- What extends, implements or overrides these symbols.
select r.file_id, r.symbol_id, r.kind, n.file_id as near_file_id, n.symbol_id as near_symbol_id
from unnest(%(file_ids)s::integer[], %(symbol_ids)s::integer[]) n (file_id, symbol_id)
cross join lateral (
    select file_id, symbol_id, kind::text from symbol_relations r
    where (r.repository_id, r.index_id, r.to_file_id, r.to_symbol_id)
        = (%(repository_id)s, %(index_id)s, n.file_id, n.symbol_id)
    offset 0) r
order by r.file_id, r.symbol_id, n.file_id, n.symbol_id

-- name: bases_elsewhere
-- What these classes extend or implement that is no symbol of the repository: of a package, or not known.
select n.file_id, n.symbol_id, r.kind, r.name, r.package
from unnest(%(file_ids)s::integer[], %(symbol_ids)s::integer[]) n (file_id, symbol_id)
cross join lateral (
    select kind::text, name, package, line from symbol_references r
    where (r.repository_id, r.index_id, r.file_id) = (%(repository_id)s, %(index_id)s, n.file_id)
        and r.enclosing_symbol_id = n.symbol_id and r.kind in ('extends', 'implements') and r.target_symbol_id is null
    offset 0) r
order by n.file_id, n.symbol_id, r.line, r.name collate "C"

-- name: maybe_bases
-- How many classes extend or implement something of one of these names of which nothing is known.
select count(*)::integer as count
from unnest(%(names)s::text[]) n (name)
cross join lateral (
    select from symbol_references r
    where (r.repository_id, r.index_id, r.name) = (%(repository_id)s, %(index_id)s, n.name)
        and r.target_file_id is null and r.package is null and r.kind in ('extends', 'implements')
    offset 0) r

-- name: files
select file_id, path, language, has_errors, 'test' = any(tags) as is_test
from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
union all
select file_id, path, null, false, false
from skipped_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)

-- name: named
select s.file_id, s.symbol_id, s.qualified_name, s.kind::text, s.name_line as line
from unnest(%(file_ids)s::integer[], %(symbol_ids)s::integer[]) n (file_id, symbol_id)
cross join lateral (
    select file_id, symbol_id, qualified_name, kind, name_line from symbols s
    where (s.repository_id, s.index_id, s.file_id, s.symbol_id)
        = (%(repository_id)s, %(index_id)s, n.file_id, n.symbol_id)
    offset 0) s

-- name: described
-- These symbols as rows of postgres/symbols.py.
select f.path, f.language, f.tags, s.*
from unnest(%(file_ids)s::integer[], %(symbol_ids)s::integer[]) n (file_id, symbol_id)
cross join lateral (
    select file_id, symbol_id, name, qualified_name, kind::text, exported, name_line as line, name_column as column,
        signature, entry_point::text
    from symbols s
    where (s.repository_id, s.index_id, s.file_id, s.symbol_id)
        = (%(repository_id)s, %(index_id)s, n.file_id, n.symbol_id)
    offset 0) s
cross join lateral (
    select path, language, tags from indexed_files f
    where (f.repository_id, f.index_id, f.file_id) = (%(repository_id)s, %(index_id)s, n.file_id) limit 1) f

-- name: unresolved
-- How often files of these languages refer to something of one of these names of which nothing is known.
select coalesce(sum(r.occurrences), 0)::integer as count
from unnest(%(names)s::text[]) n (name)
cross join lateral (
    select file_id, occurrences from symbol_references r
    where (r.repository_id, r.index_id, r.name) = (%(repository_id)s, %(index_id)s, n.name)
        and r.target_file_id is null and r.package is null
    offset 0) r
cross join lateral (
    select language from indexed_files f
    where (f.repository_id, f.index_id, f.file_id) = (%(repository_id)s, %(index_id)s, r.file_id) limit 1) f
where f.language = any(%(languages)s)

-- name: has_unresolved
-- Whether there is such a reference to the name of one of these symbols.
select exists (
    select
    from unnest(%(file_ids)s::integer[], %(symbol_ids)s::integer[]) n (file_id, symbol_id)
    cross join lateral (
        select name from symbols s
        where (s.repository_id, s.index_id, s.file_id, s.symbol_id)
            = (%(repository_id)s, %(index_id)s, n.file_id, n.symbol_id)
        offset 0) s
    cross join lateral (
        select from symbol_references r
        where (r.repository_id, r.index_id, r.name) = (%(repository_id)s, %(index_id)s, s.name)
            and r.target_file_id is null and r.package is null
        limit 1) r) as found

-- name: imported
-- Which files these files import, or, with `uses`, also use symbols of.
select distinct n.file_id as from_file_id, d.file_id as to_file_id
from unnest(%(file_ids)s::integer[]) n (file_id)
cross join lateral (
    select to_file_id as file_id from dependency_graph d
    where (d.repository_id, d.index_id, d.from_file_id) = (%(repository_id)s, %(index_id)s, n.file_id)
        and d.to_file_id is not null and (%(types)s or not d.type_only)
    union all
    select target_file_id from symbol_references r
    where %(uses)s and (r.repository_id, r.index_id, r.file_id) = (%(repository_id)s, %(index_id)s, n.file_id)
        and r.target_symbol_id is not null and r.enclosing_symbol_id is not null
        and r.kind not in ('import', 'reexport') and r.target_file_id <> n.file_id
    offset 0) d
order by from_file_id, to_file_id

-- name: edges
-- What makes one file depend on another, for pairs of files, in the order of the source.
select n.from_file_id, n.to_file_id, d.kind, d.specifier, d.type_only, d.line, d.symbol
from unnest(%(from_ids)s::integer[], %(to_ids)s::integer[]) n (from_file_id, to_file_id)
cross join lateral (
    select kind::text, specifier, type_only, line, null as symbol, dependency_id from dependency_graph d
    where (d.repository_id, d.index_id, d.from_file_id, d.to_file_id)
        = (%(repository_id)s, %(index_id)s, n.from_file_id, n.to_file_id) and (%(types)s or not d.type_only)
    union all
    select 'use', null, false, min(u.line), s.qualified_name, null from symbol_references u
    join symbols s on (s.repository_id, s.index_id, s.file_id, s.symbol_id)
        = (u.repository_id, u.index_id, u.target_file_id, u.target_symbol_id)
    where %(uses)s and (u.repository_id, u.index_id, u.file_id, u.target_file_id)
        = (%(repository_id)s, %(index_id)s, n.from_file_id, n.to_file_id)
        and u.enclosing_symbol_id is not null and u.kind not in ('import', 'reexport')
    group by s.qualified_name
    offset 0) d
order by n.from_file_id, n.to_file_id, d.line, d.dependency_id, d.symbol collate "C"

-- name: in_doubt
-- Of these files: how many have syntax errors or were not read, and how many of their imports lead nowhere.
select
    (select count(*) from indexed_files
     where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s) and has_errors) as broken,
    (select count(*) from skipped_files
     where repository_id = %(repository_id)s and index_id = %(index_id)s and file_id = any(%(file_ids)s)
        and reason = any(%(reasons)s::skip_reason[])) as unread,
    (select count(*) from dependency_graph
     where repository_id = %(repository_id)s and index_id = %(index_id)s and from_file_id = any(%(file_ids)s)
        and to_file_id is null and package is null) as missing
