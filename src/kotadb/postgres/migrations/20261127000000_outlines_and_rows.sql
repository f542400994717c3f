-- What is kept of a file's text is an outline, which other files ask for, and its rows, packed; the rows of an index are
-- written by COPY where they belong, while they are made. Edges between symbols are read from the references that make
-- them.
--
-- Nothing of an index that an older version made can be used, and all of it can be made again: it goes.

set search_path to kotadb, public, extensions;

update indexes set commit_sha = null, branch = null, indexed_at = null, extractor_version = null, limits = null, stats = null;
truncate source_blobs;
drop table indexed_files, skipped_files, symbols, symbol_references, dependency_graph;

alter table source_blobs
    drop column facts,
    add column lines integer not null,
    add column has_errors boolean not null,
    add column names bytea not null,              -- hashes of the names that the text binds or exports
    add column outline bytea not null,            -- what other files ask for
    add column rows bytea not null;               -- what the file's rows are made of
-- It is compressed already.
alter table source_blobs alter column rows set storage external;

-- Ids of indexes and files need 4 bytes, and columns stand by their alignment: there are many rows.
alter table indexes alter column index_id type integer;
alter table index_jobs alter column index_id type integer;

create table indexed_files (
    repository_id bigint not null,
    index_id integer not null,
    file_id integer not null,
    extractor_version integer not null,
    lines integer not null,
    symbols integer not null,
    "references" integer not null,
    dependencies integer not null,
    size_bytes bigint not null,
    has_errors boolean not null,
    path text not null,
    raw_path bytea,                               -- only where the name is not valid UTF-8
    language text not null,
    blob_sha text not null,
    tags text[] not null default '{}',
    digest bytea not null,                        -- of all rows of this file: what is the same is not written again
    names bytea not null,                         -- as of the blob
    reads bytea,                                  -- hashes of what was read of other files; null for everything
    primary key (repository_id, index_id, file_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);
create index indexed_files_blob on indexed_files (repository_id, blob_sha);

create table skipped_files (
    repository_id bigint not null,
    index_id integer not null,
    file_id integer not null,
    reason skip_reason not null,
    path text not null,
    primary key (repository_id, index_id, file_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);

create table symbols (
    repository_id bigint not null,
    index_id integer not null,
    file_id integer not null,
    symbol_id integer not null,                   -- unique in its file
    line_start integer not null,
    line_end integer not null,
    column_start integer not null,
    column_end integer not null,
    name_line integer not null,
    name_column integer not null,
    kind symbol_kind not null,
    access access_level not null,
    exported boolean not null,
    is_async boolean not null,
    name text not null,
    qualified_name text not null,
    signature text,
    documentation text,
    primary key (repository_id, index_id, file_id, symbol_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);

-- One row per file, target or name, kind and enclosing symbol; the positions of all its occurrences are packed in it.
create table symbol_references (
    repository_id bigint not null,
    index_id integer not null,
    file_id integer not null,
    reference_id integer not null,
    target_file_id integer,
    target_symbol_id integer,
    enclosing_symbol_id integer,                  -- in the same file
    line integer not null,                        -- of the first occurrence
    occurrences integer not null,
    kind reference_kind not null,
    resolution resolution,
    name text not null,
    package text,                                 -- the package outside of the repository that the target is in
    positions bytea not null,                     -- msgpack
    primary key (repository_id, index_id, file_id, reference_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);
create index symbol_references_target on symbol_references (repository_id, index_id, target_file_id, target_symbol_id)
    where target_file_id is not null;

create table dependency_graph (
    repository_id bigint not null,
    index_id integer not null,
    from_file_id integer not null,
    dependency_id integer not null,
    to_file_id integer,
    line integer,
    kind dependency_kind not null,
    type_only boolean not null,
    package text,
    specifier text,
    primary key (repository_id, index_id, from_file_id, dependency_id),
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);
create index dependency_graph_to on dependency_graph (repository_id, index_id, to_file_id)
    where to_file_id is not null;

-- The paths that say where modules are, with the words that were looked for in their texts, or null where all of it was
-- read. Where one says something else, all imports are looked at again.
alter table indexes add column manifests jsonb;

-- Which symbol uses which one, with the first line that does.
create view symbol_uses as
    select repository_id, index_id, file_id as from_file_id, enclosing_symbol_id as from_symbol_id,
        target_file_id as to_file_id, target_symbol_id as to_symbol_id, min(line) as line
    from symbol_references
    where enclosing_symbol_id is not null and target_symbol_id is not null and kind not in ('import', 'reexport')
    group by repository_id, index_id, file_id, enclosing_symbol_id, target_file_id, target_symbol_id;

-- The end of the seventh step: make what the caller's transaction has written the index, and finish the job.
--
-- The claim decides, by the update that completes the job. Until then its row is not locked: heartbeats, a cancellation
-- and a rescue need not wait for the store.
--
-- Raises KD001 if the claim is lost (another run owns the job, or it was cancelled) and KD002 if a file's blob is not
-- stored.
drop function store_indexed_data;
create function store_indexed_data(
    p_job_id uuid, p_claim bigint, p_commit_sha text, p_branch text, p_extractor_version integer, p_limits text,
    p_manifests jsonb, p_stats jsonb
) returns jsonb language plpgsql as $$
declare
    v_repository_id bigint;
    v_index_id integer;
    v_stats jsonb;
begin
    select repository_id, index_id into v_repository_id, v_index_id from index_jobs
        where id = p_job_id and claim = p_claim and status = 'processing';
    if not found then
        raise exception 'claim % of job % is lost', p_claim, p_job_id using errcode = 'KD001';
    end if;

    perform from indexed_files f
        where f.repository_id = v_repository_id and f.index_id = v_index_id and not exists (
            select from source_blobs b where b.repository_id = f.repository_id and b.blob_sha = f.blob_sha
                and b.language = f.language and b.extractor_version = f.extractor_version);
    if found then
        raise exception 'an indexed file has no stored blob' using errcode = 'KD002';
    end if;

    select p_stats || jsonb_build_object(
            'files_indexed', count(*),
            'symbols_extracted', coalesce(sum(symbols), 0),
            'references_found', coalesce(sum("references"), 0),
            'dependencies_extracted', coalesce(sum(dependencies), 0),
            'files_skipped', (select coalesce(jsonb_object_agg(reason, n), '{}') from (
                select reason, count(*) as n from skipped_files t
                where t.repository_id = v_repository_id and t.index_id = v_index_id group by reason) by_reason),
            'duration_ms', p_stats -> 'duration_ms' || jsonb_build_object(
                'store', round(coalesce((p_stats #>> '{duration_ms,store}')::numeric, 0)
                    + extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)))
        into v_stats
        from indexed_files where repository_id = v_repository_id and index_id = v_index_id;

    update indexes
        set commit_sha = p_commit_sha, branch = p_branch, indexed_at = clock_timestamp(),
            extractor_version = p_extractor_version, limits = p_limits, manifests = p_manifests, stats = v_stats
        where repository_id = v_repository_id and index_id = v_index_id;
    update index_jobs
        set status = 'completed', stats = v_stats, resolved_sha = p_commit_sha, branch = p_branch,
            step = null, finished_at = clock_timestamp(), updated_at = clock_timestamp()
        where id = p_job_id and claim = p_claim and status = 'processing';
    if not found then
        raise exception 'claim % of job % is lost', p_claim, p_job_id using errcode = 'KD001';
    end if;
    return v_stats;
end
$$;
