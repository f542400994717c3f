-- Repositories and their indexes.

-- name: insert
-- Only where `by_address` found none: an upsert would wait for every transaction that refers to the row.
insert into repositories (owner_id, address, name) values (%(owner_id)s, %(address)s, %(name)s)
on conflict (owner_id, address) do nothing

-- name: hold
-- Waits for a deletion that is under way (`lock`), and for nothing else: stores and claims do not take this lock.
select from repositories where id = %(id)s for key share

-- name: find_index
select index_id from indexes
where repository_id = %(repository_id)s and ref is not distinct from %(ref)s
    and pinned_sha is not distinct from %(pinned_sha)s

-- name: insert_index
insert into indexes (repository_id, ref, pinned_sha) values (%(repository_id)s, %(ref)s, %(pinned_sha)s)
on conflict (repository_id, ref, pinned_sha) do nothing

-- name: of_owner
select id, uuid, owner_id, address, name, created_at from repositories
where owner_id = %(owner_id)s and (%(after)s::timestamptz is null or (created_at, uuid) < (%(after)s, %(after_id)s))
order by created_at desc, uuid desc limit %(limit)s

-- name: by_uuid
select id, uuid, owner_id, address, name, created_at from repositories
where owner_id = %(owner_id)s and uuid = %(uuid)s

-- name: by_address
select id, uuid, owner_id, address, name, created_at from repositories
where owner_id = %(owner_id)s and address = %(address)s

-- name: by_id
select id, uuid, owner_id, address, name, created_at from repositories where id = %(id)s

-- name: indexes
select index_id, repository_id, ref, pinned_sha, commit_sha, branch, indexed_at, extractor_version, limits,
    manifests, stats
from (
    select * from indexes where repository_id = %(repository_id)s order by index_id desc limit %(limit)s) newest
order by index_id

-- name: stored_index
select index_id, repository_id, ref, pinned_sha, commit_sha, branch, indexed_at, extractor_version, limits,
    manifests, stats
from indexes
where repository_id = %(repository_id)s and %(ref)s in (ref, pinned_sha) and indexed_at is not null
order by index_id limit 1

-- name: last_stored_index
select index_id, repository_id, ref, pinned_sha, commit_sha, branch, indexed_at, extractor_version, limits,
    manifests, stats
from indexes where repository_id = %(repository_id)s and indexed_at is not null
order by indexed_at desc, index_id desc limit 1

-- name: index
select index_id, repository_id, ref, pinned_sha, commit_sha, branch, indexed_at, extractor_version, limits,
    manifests, stats
from indexes where repository_id = %(repository_id)s and index_id = %(index_id)s

-- name: cancel_jobs
-- Before a repository or one of its indexes goes, its jobs end; their rows stay.
update index_jobs
set status = 'cancelled', error_code = %(code)s, error_message = %(message)s, step = null,
    finished_at = clock_timestamp(), updated_at = clock_timestamp()
where repository_id = %(repository_id)s and (%(index_id)s::bigint is null or index_id = %(index_id)s)
    and status = any(%(allowed)s::job_status[])

-- name: lock
-- The repository before its jobs, as every other transaction locks them.
select from repositories where id = %(id)s for update

-- name: delete
-- Where its token came from is forgotten with it; what was noted for its whole host stays.
with deleted as (delete from repositories where id = %(id)s returning owner_id, address)
delete from git_credentials c using deleted d where c.owner_id = d.owner_id and c.address = d.address

-- name: delete_index
delete from indexes where repository_id = %(repository_id)s and index_id = %(index_id)s

-- name: lock_with_unused
-- The repositories of some indexes that `prune_indexes` may delete: nobody asks for one of them meanwhile (`hold`). One that
-- is locked is at work: the next look will do it.
select id from repositories
where id in (
    select i.repository_id from indexes i
    where i.indexed_at is null and i.created_at < clock_timestamp() - make_interval(secs => %(seconds)s) and not exists (
        select from index_jobs j
        where j.repository_id = i.repository_id and j.index_id = i.index_id and j.status in ('pending', 'processing'))
    limit %(limit)s)
for update skip locked

-- name: prune_indexes
-- Asked for long ago, and nothing was ever stored: the ref does not exist, or the job failed. A statement of its own: it
-- sees the jobs that were made before the lock.
delete from indexes
where (repository_id, index_id) in (
    select i.repository_id, i.index_id from indexes i
    where i.repository_id = any(%(repository_ids)s)
        and i.indexed_at is null and i.created_at < clock_timestamp() - make_interval(secs => %(seconds)s) and not exists (
            select from index_jobs j
            where j.repository_id = i.repository_id and j.index_id = i.index_id and j.status in ('pending', 'processing'))
    limit %(limit)s)
