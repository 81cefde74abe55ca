/* hindrance.c: what stands in the way of a commit, in words for people: why a write failed, who keeps
 * the write-ahead log from beginning anew. */
#include "storage/storage_impl.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const char *storage_hindrance(const Storage *s)
{
    switch (s->db.last_rc & 0xff) {
    case SQLITE_FULL: return "disk full";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return "another program is writing to the database";
    case SQLITE_NOMEM: return "out of memory";
    case SQLITE_CANTOPEN: return "a file of the database cannot be opened";
    default: return "the disk reports an error";
    }
}

/* SQLite's readers hold shared locks on bytes 123 to 127 of the -shm file, one per commit that is read. The
 * kernel tells who does; asking by a descriptor of our own would drop our own locks when it is closed. */
int64_t storage_wal_reader(const Storage *s)
{
    enum { FIRST_READ_LOCK = 123, LAST_READ_LOCK = 127 };
    char shm[4096], line[256], kind[16], mode[16];
    struct stat file;
    snprintf(shm, sizeof shm, "%s-shm", s->path);
    FILE *f = stat(shm, &file) == 0 ? fopen("/proc/locks", "r") : NULL;
    int64_t found = 0;
    while (f && !found && fgets(line, sizeof line, f)) {
        long long pid, inode, first, last;
        unsigned major_no, minor_no;
        if (sscanf(line, "%*d: %15s %*s %15s %lld %x:%x:%lld %lld %lld", kind, mode, &pid, &major_no, &minor_no, &inode,
                   &first, &last) != 8) continue;
        bool is_file = inode == (long long)file.st_ino && major_no == major(file.st_dev) && minor_no == minor(file.st_dev);
        bool is_reading = !strcmp(kind, "POSIX") && !strcmp(mode, "READ") && first >= FIRST_READ_LOCK && last <= LAST_READ_LOCK;
        if (is_file && is_reading && pid > 0 && pid != getpid()) found = pid;
    }
    if (f) fclose(f);
    return found;
}
