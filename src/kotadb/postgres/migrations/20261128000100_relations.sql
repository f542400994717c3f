-- What classes and interfaces extend and implement, and which members stand in the place of which others.

set search_path to kotadb, public, extensions;

create type relation_kind as enum ('extends', 'implements', 'overrides');

-- One row for each pair of symbols; of a symbol that is declared several times it has the first declaration. Without a
-- key, as symbol_references is: nobody asks for one row by itself, and an index by file holds each file once.
create table symbol_relations (
    repository_id bigint not null,
    index_id integer not null,
    file_id integer not null,
    symbol_id integer not null,                   -- extends, implements or overrides
    to_file_id integer not null,
    to_symbol_id integer not null,                -- this one
    kind relation_kind not null,
    foreign key (repository_id, index_id) references indexes on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.05);
create index symbol_relations_file on symbol_relations (repository_id, index_id, file_id);
create index symbol_relations_to on symbol_relations (repository_id, index_id, to_file_id, to_symbol_id);
