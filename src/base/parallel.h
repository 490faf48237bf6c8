// Work on several cores: a pool for things that do not depend on each other, and a pipeline whose results
// come in order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/bounded_queue.h"
#include "base/interrupt.h"
#include "base/ordered_queue.h"

namespace toonmirror {

struct Workers {
  int count = 1;                // threads that work
  std::function<void()> begin;  // called first in each of them, and in those that feed them; null: nothing
};

// What went wrong first in several threads.
class FirstException {
 public:
  // Calls body(). False where it threw.
  template <typename Body>
  bool guard(Body body) {
    try {
      body();
      return true;
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!first_) first_ = std::current_exception();
      return false;
    }
  }

  // To be called when the threads have ended.
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr first_;
};

// Calls new_body() once in each thread and what it returns with every number below `count`, each number once.
// After an exception or Ctrl-C no more are begun; the first exception is rethrown, or Interrupted thrown.
template <typename NewBody>
void for_each_index(size_t count, const Workers& workers, NewBody new_body) {
  std::atomic<size_t> next = 0;
  FirstException failure;
  const auto work = [&] {
    const bool done = failure.guard([&] {
      if (workers.begin) workers.begin();
      auto body = new_body();
      for (size_t i = next++; i < count && !interrupted(); i = next++) body(i);
    });
    if (!done) next = count;
  };
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < workers.count; ++t) threads.emplace_back(work);
  }
  failure.rethrow();
  throw_if_interrupted();
}

// produce() -> std::optional<Job> is called in a thread of its own until it returns nothing; work(Job) ->
// Result in the workers' threads; consume(Result) here, in the order of production. At most three times as
// many jobs and results wait as there are workers. The first exception of any of them ends all and is
// rethrown.
template <typename Produce, typename Work, typename Consume>
void run_in_order(const Workers& workers, Produce produce, Work work, Consume consume) {
  using Job = typename decltype(produce())::value_type;
  using Result = decltype(work(std::declval<Job>()));
  BoundedQueue<std::pair<int64_t, Job>> jobs(static_cast<size_t>(workers.count));
  OrderedQueue<Result> results(2 * workers.count);
  std::atomic<int> working = workers.count;
  FirstException failure;
  const auto guarded = [&](auto body) {
    if (failure.guard(body)) return;
    jobs.cancel();
    results.cancel();
  };
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
      guarded([&] {
        if (workers.begin) workers.begin();
        int64_t number = 0;
        while (std::optional<Job> job = produce()) {
          if (!jobs.push({number++, std::move(*job)})) return;
        }
        jobs.close();
      });
    });
    for (int i = 0; i < workers.count; ++i) {
      threads.emplace_back([&] {
        guarded([&] {
          if (workers.begin) workers.begin();
          while (std::optional<std::pair<int64_t, Job>> job = jobs.pop()) {
            if (!results.push(job->first, work(std::move(job->second)))) return;
          }
          if (--working == 0) results.close();
        });
      });
    }
    guarded([&] {
      while (std::optional<Result> result = results.pop()) consume(std::move(*result));
    });
  }
  failure.rethrow();
}

}  // namespace toonmirror
