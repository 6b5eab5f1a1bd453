/*
 * A disk that fills up or fails, and a clock that jumps, for one process: loaded before it (LD_PRELOAD), this makes calls below
 * the folder FAULTS_FOLDER fail. The file FAULTS_CONTROL says which, and may be rewritten at any time: "write 3 once …" is the
 * third write from then on, "fsync 1 on …" every fsync from the first on; what follows makes it another text than before. A
 * fault that happened leaves FAULTS_CONTROL.hit. Calls that change the disk are written down in FAULTS_LOG, one a line.
 * FAULTS_CLOCK holds seconds to add to the wall clock.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int text_of(const char *variable, char text[64]) {
  const char *path = getenv(variable);
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, 63);
  if (fd >= 0) close(fd);
  text[length < 0 ? 0 : length] = 0;
  return length > 0;
}

static int within(const char *path) {
  const char *folder = getenv("FAULTS_FOLDER");
  return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

/* Whether it is this call's turn to fail. */
static int fails(const char *call) {
  static char present[64];
  static int count;
  char text[64], name[16], mode[16], hit[PATH_MAX];
  int number, turn;
  text_of("FAULTS_CONTROL", text);
  if (strcmp(text, present) != 0) count = 0;
  strcpy(present, text);
  if (sscanf(text, "%15s %d %15s", name, &number, mode) != 3 || strcmp(name, call) != 0) return 0;
  count++;
  turn = count == number || (count > number && strcmp(mode, "on") == 0);
  snprintf(hit, sizeof hit, "%s.hit", getenv("FAULTS_CONTROL"));
  if (turn) close(open(hit, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  return turn;
}

static void note(const char *call, const char *path, const char *to, int result) {
  const char *log = getenv("FAULTS_LOG");
  int saved = errno, fd = log == NULL ? -1 : open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd >= 0) {
    dprintf(fd, "%s %s %s %s\n", call, result < 0 ? "failed" : "done", path, to);
    close(fd);
  }
  errno = saved;
}

/* One call after the other, so that the log tells their order. `lost` is what a disk does that fails. */
#define CALL(name, path, to, error, lost, real)                  \
  do {                                                           \
    ssize_t result;                                              \
    if (!within(path)) return real;                              \
    pthread_mutex_lock(&lock);                                   \
    if (fails(name)) lost, errno = error, result = -1;           \
    else result = real;                                          \
    note(name, path, to, result < 0 ? -1 : 0);                   \
    pthread_mutex_unlock(&lock);                                 \
    return result;                                               \
  } while (0)

#define PATH_OF(fd)                                              \
  char path[PATH_MAX], link_[64];                                \
  snprintf(link_, sizeof link_, "/proc/self/fd/%d", fd);         \
  ssize_t length_ = readlink(link_, path, sizeof path - 1);      \
  path[length_ < 0 ? 0 : length_] = 0

ssize_t write(int fd, const void *b, size_t n) { PATH_OF(fd); CALL("write", path, "", ENOSPC, (void)0, REAL(write)(fd, b, n)); }
ssize_t writev(int fd, const struct iovec *v, int n) { PATH_OF(fd); CALL("write", path, "", ENOSPC, (void)0, REAL(writev)(fd, v, n)); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) { PATH_OF(fd); CALL("write", path, "", ENOSPC, (void)0, REAL(pwrite64)(fd, b, n, at)); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) { PATH_OF(fd); CALL("write", path, "", ENOSPC, (void)0, REAL(pwritev64)(fd, v, n, at)); }

/* What could not be synced is forgotten: the next fsync of the same file succeeds, and its bytes are gone. */
int fsync(int fd) { PATH_OF(fd); CALL("fsync", path, "", EIO, (void)!ftruncate(fd, 0), REAL(fsync)(fd)); }
int fdatasync(int fd) { PATH_OF(fd); CALL("fsync", path, "", EIO, (void)!ftruncate(fd, 0), REAL(fdatasync)(fd)); }

int rename(const char *from, const char *to) { CALL("rename", from, to, EIO, (void)0, REAL(rename)(from, to)); }
int link(const char *from, const char *to) { CALL("link", from, to, ENOSPC, (void)0, REAL(link)(from, to)); }
int unlink(const char *path) { CALL("unlink", path, "", EIO, (void)0, REAL(unlink)(path)); }
int mkdir(const char *path, mode_t mode) { CALL("mkdir", path, "", ENOSPC, (void)0, REAL(mkdir)(path, mode)); }
int rmdir(const char *path) { CALL("rmdir", path, "", EIO, (void)0, REAL(rmdir)(path)); }

static long jumped(void) {
  char text[64];
  return text_of("FAULTS_CLOCK", text) ? atol(text) : 0;
}

int gettimeofday(struct timeval *now, void *zone) {
  int result = REAL(gettimeofday)(now, zone);
  now->tv_sec += jumped();
  return result;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = REAL(clock_gettime)(clock, now);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += jumped();
  return result;
}
