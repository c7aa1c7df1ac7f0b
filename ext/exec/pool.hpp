// A fixed pool of threads that runs one indexed job at a time: chunks are equal, so stealing would gain nothing.
//
// Threads start with the first job that needs them. After fork() the child has none of them and perhaps a locked mutex:
// the pool sees the new process id, leaves the inherited crew behind and makes its own. threads = 1 never starts a
// thread.
#pragma once

#include <atomic>
#include <functional>

#include "base/bytes.hpp"

namespace isthmus::exec {

class Pool {
 public:
  explicit Pool(u32 threads) : threads_(threads < 1 ? 1 : threads) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  u32 threads() const { return threads_; }

  // Calls job(i) once for every i below `count`, on the caller and the pool's threads, and returns when all have run.
  // A job must not call run() on the same pool. Calls from several threads are serialised. If a job runs out of memory
  // the others still finish, then std::bad_alloc is thrown here: a partial result is never taken for a whole one.
  void run(usize count, const std::function<void(usize)>& job);

 private:
  struct Crew;

  Crew& crew();

  u32 threads_;
  std::atomic<Crew*> crew_{nullptr};
};

}  // namespace isthmus::exec
