#include "exec/pool.hpp"

#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace isthmus::exec {

struct Pool::Crew {
  explicit Crew(pid_t pid) : owner(pid) {}

  const pid_t owner;
  std::mutex callers;  // one round at a time
  std::mutex mutex;    // guards everything below but `next` and `exhausted`
  std::condition_variable wake;
  std::condition_variable done;
  std::vector<std::thread> workers;
  const std::function<void(usize)>* job = nullptr;
  usize count = 0;
  usize working = 0;  // workers that have not finished the present round
  u64 round = 0;
  bool stopping = false;
  std::atomic<usize> next{0};
  std::atomic<bool> exhausted{false};

  void drain() {
    for (usize i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      try {
        (*job)(i);
      } catch (const std::bad_alloc&) {
        exhausted.store(true);
      }
    }
  }

  void work() {
    u64 seen = 0;
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return stopping || round != seen; });
      if (stopping) return;
      seen = round;
      lock.unlock();
      drain();
      lock.lock();
      if (--working == 0) done.notify_one();
    }
  }

  // Fewer threads than asked for (the system's limit) only make the work slower.
  void start(u32 threads) {
    for (u32 i = 1; i < threads; ++i) {
      try {
        workers.emplace_back([this] { work(); });
      } catch (const std::system_error&) {
        return;
      }
    }
  }

  void run(usize jobs, const std::function<void(usize)>& each) {
    {
      const std::lock_guard lock(mutex);
      job = &each;
      count = jobs;
      next.store(0);
      exhausted.store(false);
      working = workers.size();
      ++round;
    }
    wake.notify_all();
    drain();
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return working == 0; });
    if (exhausted.load()) throw std::bad_alloc();
  }
};

Pool::~Pool() {
  Crew* const crew = crew_.load();
  if (crew == nullptr || crew->owner != getpid()) return;  // inherited through fork(): its threads do not exist here
  {
    const std::lock_guard lock(crew->mutex);
    crew->stopping = true;
  }
  crew->wake.notify_all();
  for (std::thread& worker : crew->workers) worker.join();
  delete crew;
}

Pool::Crew& Pool::crew() {
  Crew* present = crew_.load();
  const pid_t pid = getpid();
  if (present != nullptr && present->owner == pid) return *present;
  Crew* const fresh = new Crew(pid);
  if (crew_.compare_exchange_strong(present, fresh)) return *fresh;
  delete fresh;  // another thread of this process was first
  return *present;
}

void Pool::run(usize count, const std::function<void(usize)>& job) {
  if (threads_ == 1 || count < 2) {
    for (usize i = 0; i < count; ++i) job(i);
    return;
  }
  Crew& team = crew();
  const std::lock_guard serial(team.callers);
  if (team.workers.empty()) team.start(threads_);
  team.run(count, job);
}

}  // namespace isthmus::exec
