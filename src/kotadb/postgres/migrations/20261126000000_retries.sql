-- Jobs that wait for their next attempt, and the fence of a store moved to where it locks for a moment only.

set search_path to kotadb, public, extensions;

-- A job that waits again is in no row of the queue until it is due: there it would hold up other jobs of its index.
alter table index_jobs
    add column next_attempt_at timestamptz,
    add column history jsonb not null default '[]';
create index index_jobs_unqueued on index_jobs (next_attempt_at) where status = 'pending' and queue_job_id is null;

-- The seventh step: replace an index by what was staged, and finish the job, in the caller's transaction.
--
-- Expects the temporary tables staged_files, staged_skipped, staged_symbols, staged_references and staged_dependencies
-- (queries/store.sql). All or nothing, and idempotent: rows of files whose digest is unchanged stay untouched, all others
-- are deleted and inserted again, so that storing the same twice leaves the same rows. `p_rewrite` takes every file for
-- changed.
--
-- The claim is looked at first, so that a lost one costs nothing, and decides at the end, by the update that completes
-- the job. In between the job's row is not locked: heartbeats, a cancellation and a rescue need not wait for the store.
--
-- Raises KD001 if the claim is lost (another run owns the job, or it was cancelled) and KD002 if a staged file's blob is
-- not stored.

create or replace function store_indexed_data(
    p_job_id uuid, p_claim bigint, p_commit_sha text, p_branch text, p_extractor_version integer, p_limits text,
    p_rewrite boolean, p_stats jsonb
) returns jsonb language plpgsql as $$
declare
    v_repository_id bigint;
    v_index_id bigint;
    v_stats jsonb;
begin
    select repository_id, index_id into v_repository_id, v_index_id from index_jobs
        where id = p_job_id and claim = p_claim and status = 'processing';
    if not found then
        raise exception 'claim % of job % is lost', p_claim, p_job_id using errcode = 'KD001';
    end if;

    perform from staged_files s where not exists (
        select from source_blobs b where b.repository_id = v_repository_id and b.blob_sha = s.blob_sha
            and b.language = s.language and b.extractor_version = s.extractor_version);
    if found then
        raise exception 'a staged file has no stored blob' using errcode = 'KD002';
    end if;

    create temporary table changed_files on commit drop as
        select coalesce(s.file_id, f.file_id) as file_id
        from staged_files s
        full join (select file_id, digest from indexed_files
                   where repository_id = v_repository_id and index_id = v_index_id) f on f.file_id = s.file_id
        where p_rewrite or f.digest is distinct from s.digest;

    delete from indexed_files t using changed_files c
        where t.repository_id = v_repository_id and t.index_id = v_index_id and t.file_id = c.file_id;
    delete from symbols t using changed_files c
        where t.repository_id = v_repository_id and t.index_id = v_index_id and t.file_id = c.file_id;
    delete from symbol_references t using changed_files c
        where t.repository_id = v_repository_id and t.index_id = v_index_id and t.file_id = c.file_id;
    delete from dependency_graph t using changed_files c
        where t.repository_id = v_repository_id and t.index_id = v_index_id and t.from_file_id = c.file_id;
    insert into indexed_files
        select v_repository_id, v_index_id, s.* from staged_files s where s.file_id in (select file_id from changed_files);
    insert into symbols
        select v_repository_id, v_index_id, s.* from staged_symbols s
        where s.file_id in (select file_id from changed_files);
    insert into symbol_references (repository_id, index_id, file_id, reference_id, name, kind, enclosing_symbol_id,
            target_file_id, target_symbol_id, resolution, package, occurrences, positions)
        select v_repository_id, v_index_id, s.file_id, s.reference_id, s.name, s.kind, s.enclosing_symbol_id,
            s.target_file_id, s.target_symbol_id, s.resolution, s.package, s.occurrences, s.positions
        from staged_references s where s.file_id in (select file_id from changed_files);
    insert into dependency_graph (repository_id, index_id, from_file_id, dependency_id, to_file_id, package, kind,
            specifier, type_only, line, from_symbol_id, to_symbol_id)
        select v_repository_id, v_index_id, s.from_file_id, s.dependency_id, s.to_file_id, s.package, s.kind,
            s.specifier, s.type_only, s.line, s.from_symbol_id, s.to_symbol_id
        from staged_dependencies s where s.from_file_id in (select file_id from changed_files);

    delete from skipped_files t
        where t.repository_id = v_repository_id and t.index_id = v_index_id
            and not exists (select from staged_skipped s where s.file_id = t.file_id and s.reason = t.reason);
    insert into skipped_files
        select v_repository_id, v_index_id, s.* from staged_skipped s on conflict do nothing;

    v_stats := p_stats || jsonb_build_object(
        'files_indexed', (select count(*) from indexed_files t
            where t.repository_id = v_repository_id and t.index_id = v_index_id),
        'symbols_extracted', (select count(*) from symbols t
            where t.repository_id = v_repository_id and t.index_id = v_index_id),
        'references_found', (select coalesce(sum(occurrences), 0) from symbol_references t
            where t.repository_id = v_repository_id and t.index_id = v_index_id),
        'dependencies_extracted', (select count(*) from dependency_graph t
            where t.repository_id = v_repository_id and t.index_id = v_index_id),
        'files_skipped', (select coalesce(jsonb_object_agg(reason, n), '{}') from (
            select reason, count(*) as n from skipped_files t
            where t.repository_id = v_repository_id and t.index_id = v_index_id group by reason) by_reason),
        'duration_ms', p_stats -> 'duration_ms' || jsonb_build_object(
            'store', round(coalesce((p_stats #>> '{duration_ms,store}')::numeric, 0)
                + extract(epoch from clock_timestamp() - now()) * 1000)));

    update indexes
        set commit_sha = p_commit_sha, branch = p_branch, indexed_at = clock_timestamp(),
            extractor_version = p_extractor_version, limits = p_limits, stats = v_stats
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
