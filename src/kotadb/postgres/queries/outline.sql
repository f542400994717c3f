-- The files and symbols of an index that matter most: those that most other files depend on.

-- name: totals
select count(*) as files, coalesce(sum(symbols), 0)::integer as symbols
from indexed_files
where repository_id = %(repository_id)s and index_id = %(index_id)s and starts_with(path, %(start)s)

-- name: degrees
-- How many files depend on each file, and on how many it depends. An import alone would count for the file that hands a
-- name on; with the references it counts for the one that has it, too. All of them are read.
with uses as materialized (
    select to_file_id as file_id, from_file_id as user_id
    from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and to_file_id <> from_file_id
    union
    select target_file_id, file_id
    from symbol_references
    where repository_id = %(repository_id)s and index_id = %(index_id)s and target_file_id <> file_id
)
select file_id, sum(dependents)::integer as dependents, sum(dependencies)::integer as dependencies
from (
    select file_id, count(*) as dependents, 0 as dependencies from uses group by file_id
    union all
    select user_id, 0, count(*) from uses group by user_id) degrees
group by file_id

-- name: files
select f.file_id, f.path, f.language, f.tags, f.symbols, f.has_errors, coalesce(d.dependents, 0) as uses
from indexed_files f
left join unnest(%(file_ids)s::integer[], %(dependents)s::integer[], %(dependencies)s::integer[])
    d(file_id, dependents, dependencies) using (file_id)
where f.repository_id = %(repository_id)s and f.index_id = %(index_id)s and starts_with(f.path, %(start)s)
order by f.tags && array['test', 'generated'], coalesce(d.dependents, 0) desc, coalesce(d.dependencies, 0) desc,
    f.symbols desc, f.path collate "C"
limit %(limit)s

-- name: dependents
select count(*)
from (
    select from_file_id from dependency_graph
    where repository_id = %(repository_id)s and index_id = %(index_id)s and to_file_id = %(file_id)s
        and from_file_id <> %(file_id)s
    union
    select file_id from symbol_references
    where repository_id = %(repository_id)s and index_id = %(index_id)s and target_file_id = %(file_id)s
        and file_id <> %(file_id)s) users

-- name: best_symbols
-- Of several declarations of one name the one that is used counts. A member that only its own file uses is no news.
with used as materialized (
    select file_id, symbol_id, count(*) as uses
    from (
        select target_file_id as file_id, target_symbol_id as symbol_id, file_id as user_id
        from symbol_references
        where repository_id = %(repository_id)s and index_id = %(index_id)s and target_file_id = any(%(file_ids)s)
            and file_id <> target_file_id and target_symbol_id is not null and kind <> 'reexport'
        group by target_file_id, target_symbol_id, file_id) users
    group by file_id, symbol_id
),
named as (
    select s.file_id, s.qualified_name, s.kind::text, s.name_line, s.signature, s.exported, coalesce(u.uses, 0) as uses,
        row_number() over (
            partition by s.file_id, s.qualified_name order by u.uses desc nulls last, s.name_line) as declaration
    from symbols s left join used u using (file_id, symbol_id)
    where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and s.file_id = any(%(file_ids)s)
        and s.name <> all(%(hidden)s) and (u.uses > 0 or strpos(s.qualified_name, '.') = 0)
),
ranked as (
    select *, row_number() over (
        partition by file_id order by exported desc, uses desc, strpos(qualified_name, '.') > 0, name_line) as rank
    from named where declaration = 1
)
select file_id, qualified_name, kind, name_line as line, signature, exported, uses
from ranked where rank <= %(each)s
order by file_id, rank

-- name: symbols
-- Those of one file; what is in something that is exported is, as a rule, exported itself.
select s.qualified_name, s.name, s.kind::text, s.name_line as line, s.signature, s.exported, s.line_start,
    s.column_start, s.line_end, s.column_end, (
        select count(distinct r.file_id) from symbol_references r
        where (r.repository_id, r.index_id, r.target_file_id, r.target_symbol_id)
                = (s.repository_id, s.index_id, s.file_id, s.symbol_id)
            and r.file_id <> s.file_id and r.kind <> 'reexport') as uses
from symbols s
where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and s.file_id = %(file_id)s
order by s.exported desc, length(s.qualified_name) - length(replace(s.qualified_name, '.', '')), s.name_line,
    s.name_column
limit %(limit)s
