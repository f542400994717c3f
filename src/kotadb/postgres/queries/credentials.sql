-- Where the tokens of an owner's private repositories come from.

-- name: put
insert into git_credentials (owner_id, address, username, token_env, token_file)
values (%(owner_id)s, %(address)s, %(username)s, %(token_env)s, %(token_file)s)
on conflict (owner_id, address) do update
set username = excluded.username, token_env = excluded.token_env, token_file = excluded.token_file, created_at = now()

-- name: find
-- The repository's own comes before that of its host.
select address, username, token_env, token_file from git_credentials
where owner_id = %(owner_id)s and address in (%(address)s, %(server)s)
order by address = %(address)s desc limit 1

-- name: of_owner
select address, username, token_env, token_file from git_credentials
where owner_id = %(owner_id)s order by address

-- name: remove
delete from git_credentials where owner_id = %(owner_id)s and address = %(address)s
