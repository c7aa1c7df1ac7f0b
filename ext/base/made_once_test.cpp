#include "base/made_once.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/bytes.hpp"

namespace {

using isthmus::made_once;

TEST_CASE("made_once: one object, whoever asks") {
  static constinit std::atomic<const int*> slot = nullptr;
  constexpr isthmus::usize kThreads = 8;
  std::atomic<int> makers = 0;
  const int* seen[kThreads];
  std::vector<std::thread> threads;
  for (isthmus::usize i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { seen[i] = &made_once(slot, [&] { return std::make_unique<const int>(++makers); }); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int* object : seen) CHECK(object == slot.load());
  CHECK(&made_once(slot, [&] { return std::make_unique<const int>(++makers); }) == slot.load());
  CHECK(makers <= static_cast<int>(kThreads));
}

TEST_CASE("made_once: a child forked while another thread is making the object makes its own") {
  static constinit std::atomic<const int*> slot = nullptr;
  int begun[2], go[2];
  REQUIRE(pipe(begun) == 0);
  REQUIRE(pipe(go) == 0);
  std::thread maker([&] {
    made_once(slot, [&] {
      char byte = 0;
      CHECK(write(begun[1], &byte, 1) == 1);
      CHECK(read(go[0], &byte, 1) == 1);
      return std::make_unique<const int>(1);
    });
  });
  char byte = 0;
  REQUIRE(read(begun[0], &byte, 1) == 1);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a hang ends by a signal, which the parent sees
    _exit(made_once(slot, [] { return std::make_unique<const int>(2); }) == 2 ? 0 : 1);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(write(go[1], &byte, 1) == 1);
  maker.join();
  CHECK(*slot.load() == 1);
  for (const int end : {begun[0], begun[1], go[0], go[1]}) close(end);
}

}  // namespace
