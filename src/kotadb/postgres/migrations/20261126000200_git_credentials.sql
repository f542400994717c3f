-- Where the tokens of private repositories come from. The tokens themselves are read by the workers, and never stored.
set search_path to kotadb, public, extensions;

create table git_credentials (
    owner_id uuid not null references owners on delete cascade,
    address text not null check (length(address) <= 2048),  -- normalised: a repository's, or https://host[:port]
    username text not null check (length(username) between 1 and 200),
    token_env text check (token_env ~ '^[A-Za-z_][A-Za-z0-9_]*$'),  -- the name of an environment variable
    token_file text check (token_file like '/%'),                   -- the path of a file
    created_at timestamptz not null default now(),
    primary key (owner_id, address),
    check (num_nonnulls(token_env, token_file) = 1)
);
