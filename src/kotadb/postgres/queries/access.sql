-- Owners and API keys.

-- name: find_owner
select id, name from owners where name = %(name)s

-- name: insert_owner
insert into owners (name) values (%(name)s) on conflict (name) do nothing

-- name: has_keys
select from api_keys limit 1

-- name: insert_key
insert into api_keys (owner_id, name, prefix, secret_sha256)
values (%(owner_id)s, %(name)s, %(prefix)s, %(secret_sha256)s)

-- name: find_key
select k.secret_sha256, o.id, o.name from api_keys k join owners o on o.id = k.owner_id
where k.prefix = %(prefix)s and k.revoked_at is null

-- name: list_keys
select k.id, o.name as owner_name, k.name, k.prefix, k.created_at, k.revoked_at
from api_keys k join owners o on o.id = k.owner_id order by k.created_at, k.id

-- name: revoke_key
update api_keys set revoked_at = now() where prefix = %(prefix)s and revoked_at is null
