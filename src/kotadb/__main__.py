"""`python -m kotadb`: the same as `kotadb`."""

from kotadb.cli import main

if __name__ == "__main__":
    main()
