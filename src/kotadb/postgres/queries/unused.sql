-- Definitions that nobody refers to.

-- name: definitions
-- First what is left when everything is gone that somebody refers to, or may: by far the most. What the rest is like
-- needs more than one look at each. A page comes with the counts of all, also where it is empty.
--
-- `reason` is one of questions/unused.py's, null where the definition is left out for a name of which it is not known
-- what it means.
with recursive rules as materialized (
    select * from unnest(
        %(languages)s::text[], %(implicit)s::text[], %(open)s::boolean[]) as r(language, implicit, is_open)
),
files as materialized (
    select f.file_id, f.path, f.has_errors, f.blob_sha, f.extractor_version, r.*
    from indexed_files f join rules r using (language)
    where f.repository_id = %(repository_id)s and f.index_id = %(index_id)s
        and not f.tags && %(aside)s::text[]
        and (%(included)s::text is null or f.path ~ %(included)s)
        and (%(excluded)s::text is null or f.path !~ %(excluded)s)
),
unreferred as materialized (
    select s.*, f.path, f.has_errors, f.is_open, f.blob_sha, f.language, f.extractor_version
    from files f
    join symbols s on (s.repository_id, s.index_id, s.file_id) = (%(repository_id)s, %(index_id)s, f.file_id)
    left join lateral (
        select true as found from symbol_references r
        where (r.repository_id, r.index_id, r.target_file_id, r.target_symbol_id)
                = (s.repository_id, s.index_id, s.file_id, s.symbol_id)
            and r.kind <> 'reexport'
            and (r.file_id, r.enclosing_symbol_id) is distinct from (s.file_id, s.symbol_id)
        limit 1) use on true
    where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s and s.kind = any(%(kinds)s::symbol_kind[])
        and s.entry_point is null and use.found is null and s.name !~ f.implicit
),
repeated as materialized (
    select file_id, qualified_name from symbols
    where repository_id = %(repository_id)s and index_id = %(index_id)s
    group by file_id, qualified_name having count(*) > 1
),
-- Of several definitions of one name in one place the first, if nobody refers to any of them. What `require` gives has
-- a name here as well, but who uses it refers to what the module has.
alone as materialized (
    select distinct on (u.file_id, u.symbol_id) u.*, a.kind as around, a.symbol_id as around_id,
        a.entry_point as around_entry
    from unreferred u
    left join symbols a on (a.repository_id, a.index_id, a.file_id) = (%(repository_id)s, %(index_id)s, u.file_id)
        and u.qualified_name <> u.name
        and a.qualified_name = left(u.qualified_name, length(u.qualified_name) - length(u.name) - 1)
        and u.line_start between a.line_start and a.line_end
    left join lateral (
        select true as found
        from symbols o
        left join lateral (
            select true as found from symbol_references r
            where (r.repository_id, r.index_id, r.target_file_id, r.target_symbol_id)
                    = (o.repository_id, o.index_id, o.file_id, o.symbol_id)
                and r.kind <> 'reexport'
            limit 1) use on true
        where (u.file_id, u.qualified_name) in (select file_id, qualified_name from repeated)
            and (o.repository_id, o.index_id, o.file_id, o.qualified_name)
                = (u.repository_id, u.index_id, u.file_id, u.qualified_name)
            and o.symbol_id <> u.symbol_id
            and (use.found or (o.name_line, o.name_column) < (u.name_line, u.name_column))
        limit 1) other on true
    left join lateral (
        select true as found from dependency_graph d
        where (d.repository_id, d.index_id, d.from_file_id) = (%(repository_id)s, %(index_id)s, u.file_id)
            and d.kind in ('require', 'dynamic_import') and u.kind in ('constant', 'variable')
            and d.line between u.line_start and u.line_end
        limit 1) module on true
    where other.found is null and module.found is null
    order by u.file_id, u.symbol_id, a.line_start desc
),
bases as materialized (
    select file_id, symbol_id, to_file_id, to_symbol_id from symbol_relations
    where repository_id = %(repository_id)s and index_id = %(index_id)s and kind <> 'overrides'
),
-- What extends or implements anything, and whether that may be outside.
heirs as materialized (
    select file_id, enclosing_symbol_id as symbol_id, bool_or(target_symbol_id is null) as is_outward
    from symbol_references
    where repository_id = %(repository_id)s and index_id = %(index_id)s
        and kind in ('extends', 'implements') and enclosing_symbol_id is not null
    group by file_id, enclosing_symbol_id
),
-- Classes whose members somebody outside may call, because a base of theirs is there.
outward(file_id, symbol_id) as (
    select file_id, symbol_id from heirs where is_outward
    union
    select b.file_id, b.symbol_id
    from outward o join bases b on (b.to_file_id, b.to_symbol_id) = (o.file_id, o.symbol_id)
),
members as materialized (
    select distinct file_id, around_id as symbol_id from alone where around in ('class', 'struct', 'trait')
),
-- From the classes with members in question down to all that they are bases of, and from these up to all bases: a mixin
-- is called through what it is mixed with. A hierarchy that is deeper than any was made to have too many pairs.
downward(file_id, symbol_id, to_file_id, to_symbol_id, depth) as (
    select file_id, symbol_id, file_id, symbol_id, 0 from members
    union
    select d.file_id, d.symbol_id, b.file_id, b.symbol_id, d.depth + 1
    from downward d join bases b on (b.to_file_id, b.to_symbol_id) = (d.to_file_id, d.to_symbol_id)
    where d.depth < %(depth)s
),
related(file_id, symbol_id, to_file_id, to_symbol_id, depth) as (
    select distinct file_id, symbol_id, to_file_id, to_symbol_id, 0 from downward
    union
    select u.file_id, u.symbol_id, b.to_file_id, b.to_symbol_id, u.depth + 1
    from related u join bases b on (b.file_id, b.symbol_id) = (u.to_file_id, u.to_symbol_id)
    where u.depth < %(depth)s
),
relatives as materialized (
    select distinct r.file_id, r.symbol_id, r.to_file_id, s.qualified_name
    from related r
    join symbols s on (s.repository_id, s.index_id, s.file_id, s.symbol_id)
        = (%(repository_id)s, %(index_id)s, r.to_file_id, r.to_symbol_id)
    where (r.to_file_id, r.to_symbol_id) <> (r.file_id, r.symbol_id)
),
-- Classes whose members are those of a class that is exported.
handed_on as materialized (
    select d.file_id, d.symbol_id, bool_or(s.entry_point is not null) as is_published
    from downward d
    join symbols s on (s.repository_id, s.index_id, s.file_id, s.symbol_id)
        = (%(repository_id)s, %(index_id)s, d.to_file_id, d.to_symbol_id)
    where s.exported
    group by d.file_id, d.symbol_id
),
called_outside as materialized (
    select file_id, symbol_id from outward
    union
    select d.file_id, d.symbol_id
    from downward d join outward o on (o.file_id, o.symbol_id) = (d.to_file_id, d.to_symbol_id)
),
namesakes as materialized (
    select file_id, name, left(qualified_name, length(qualified_name) - length(name) - 1) as around
    from symbols
    where repository_id = %(repository_id)s and index_id = %(index_id)s
        and name in (select name from alone where around is not null)
),
shared as materialized (
    select r.file_id, r.symbol_id, n.name
    from relatives r join namesakes n on (n.file_id, n.around) = (r.to_file_id, r.qualified_name)
),
candidates as materialized (
    select a.*, a.around is not null and a.kind in ('method', 'getter', 'setter', 'property') as is_member,
        a.exported or (a.access = 'public' and (a.file_id, a.around_id) in (
            select file_id, symbol_id from handed_on)) as is_exported,
        (a.file_id, a.symbol_id) in (select file_id, symbol_id from heirs) as has_base,
        -- `visit_` of visit_name, `visit` of visitName
        coalesce(substring(a.name from '^(_*[A-Za-z]+_)'), substring(a.name from '^([a-z]+)[A-Z]')) as beginning
    from alone a
    where (a.around is null or a.around not in (
            'interface', 'type', 'enum', 'enum_member', 'constant', 'variable', 'property'))
        and (a.access = 'private' or a.around is null or (
            a.around_entry is distinct from 'decorator'
            and (a.file_id, a.around_id) not in (select file_id, symbol_id from called_outside)
            and (a.file_id, a.around_id, a.name) not in (select file_id, symbol_id, name from shared)))
        and not (a.access = 'public' and a.around_id is not null and (
            (a.file_id, a.around_id) in (select file_id, symbol_id from handed_on where is_published)
            or a.kind = 'property' and (a.file_id, a.around_id) in (select file_id, symbol_id from heirs)))
),
-- Names of what was taken for a part of something from outside, which may have handed on something of ours, as `cast`
-- does.
taken_for_others as materialized (
    select distinct name from symbol_references
    where repository_id = %(repository_id)s and index_id = %(index_id)s and package is not null
        and kind not in ('import', 'reexport', 'extends', 'implements', 'decorator')
        and name in (select name from candidates where not is_exported and (is_member or is_open))
),
judged as materialized (
    select a.*, case
        when a.is_member and unclear.found then null
        when a.is_exported then 'exported'
        when a.has_errors then 'errors'
        when unclear.found or unclear_here.found then 'unclear'
        when mention.found then 'mentioned'
        when a.access = 'private' then 'private'
        when (a.is_member or a.is_open) and a.name in (select name from taken_for_others) then 'unclear'
        when a.is_member and namesake.found then 'namesake'
        when a.is_member then 'member'
        when a.has_base then 'registered'
        when a.around is not null and a.around <> 'namespace' then 'nested'
        when a.is_open and a.access = 'public' then 'unlisted'
        when a.is_open then 'private'
        when not exists (
                select from symbols e
                where (e.repository_id, e.index_id, e.file_id) = (a.repository_id, a.index_id, a.file_id)
                    and e.exported)
            and not exists (
                select from dependency_graph d
                where (d.repository_id, d.index_id, d.from_file_id) = (a.repository_id, a.index_id, a.file_id))
            then 'script'
        else 'unexported'
    end as reason
    from candidates a
    left join lateral (
        select true as found from symbol_references r
        where r.repository_id = a.repository_id and r.index_id = a.index_id and r.name = a.name
            and r.target_file_id is null and r.package is null and (a.is_member or a.is_open)
        limit 1) unclear on true
    left join lateral (
        select true as found from symbol_references r
        where (r.repository_id, r.index_id, r.file_id, r.name)
                = (a.repository_id, a.index_id, a.file_id, a.name)
            and r.target_file_id is null and r.package is null and not (a.is_member or a.is_open or a.is_exported)
        limit 1) unclear_here on true
    left join lateral (
        select true as found
        from (
            select content || '' as content from source_blobs b
            where (b.repository_id, b.blob_sha, b.language, b.extractor_version)
                    = (a.repository_id, a.blob_sha, a.language, a.extractor_version)
                and (a.is_open or a.is_member)
                and not (a.is_exported or a.has_errors or a.is_member and unclear.found is true)
            limit 1) b
        where strpos(b.content, a.beginning || '%%') > 0 or strpos(b.content, a.beginning || '{') > 0
            or strpos(b.content, a.beginning || '${') > 0 or strpos(b.content, a.beginning || '"') > 0
            or strpos(b.content, a.beginning || '''') > 0
            or strpos(substr(b.content, strpos(b.content, a.name) + length(a.name)), a.name) > 0
                and regexp_count(b.content, '\m' || regexp_replace(a.name, '(\W)', '\\\1', 'g') || '\M') > (
                    select count(*) from symbols o
                    where (o.repository_id, o.index_id, o.file_id, o.name)
                        = (a.repository_id, a.index_id, a.file_id, a.name)) + (
                    select coalesce(sum(occurrences), 0) from symbol_references r
                    where (r.repository_id, r.index_id, r.file_id, r.name)
                            = (a.repository_id, a.index_id, a.file_id, a.name)
                        and r.target_file_id is not null)) mention on true
    left join lateral (
        select true as found
        from symbols o
        cross join lateral (
            select true from symbol_references r
            where (r.repository_id, r.index_id, r.target_file_id, r.target_symbol_id)
                    = (o.repository_id, o.index_id, o.file_id, o.symbol_id)
                and r.kind <> 'reexport'
            limit 1) use
        where o.repository_id = a.repository_id and o.index_id = a.index_id and lower(o.name) = lower(a.name)
            and o.name = a.name and o.qualified_name <> o.name
            and a.is_member and not (a.is_exported or a.has_errors or unclear.found is true or mention.found is true)
        limit 1) namesake on true
),
-- Where several members of a file begin alike and nobody refers to any of them, their names are computed somewhere.
patterned as materialized (
    select file_id, beginning from judged where reason = 'member' group by file_id, beginning
    having count(*) >= %(alike)s
),
page as materialized (
    select *, (%(ranks)s::integer[])[array_position(%(reasons)s::text[], reason)] as rank
    from (
        select j.file_id, j.symbol_id, j.path, j.qualified_name, j.name, j.kind, j.name_line, j.line_end, j.signature,
            j.exported, j.access,
            case
                when j.reason = 'member' and (j.file_id, j.beginning) in (select file_id, beginning from patterned)
                    then 'patterned'
                else j.reason
            end as reason
        from judged j
        where j.reason is not null) known
)
select c.*, p.path, p.qualified_name, p.name, p.kind::text, p.name_line as line, p.line_end, p.signature, p.exported,
    p.access::text, p.reason, p.rank, p.symbol_id
from (
    select count(*) filter (where reason is null) as left_out, (
            select coalesce(jsonb_object_agg(rank, n), '{}')
            from (select rank, count(*) as n from page group by rank) by_rank) as counts
    from judged) c
left join lateral (
    select * from page
    where %(after)s::text is null
        or (rank, path collate "C", name_line, symbol_id)
            > (%(after_rank)s::integer, %(after)s::text collate "C", %(after_line)s::integer, %(after_id)s::integer)
    order by rank, path collate "C", name_line, symbol_id
    limit %(limit)s) p on true
order by p.rank, p.path collate "C", p.name_line, p.symbol_id
