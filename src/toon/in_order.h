// A producer, workers and a consumer: work is done in parallel, results arrive in order.
#pragma once

#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/bounded_queue.h"
#include "toon/draw_faces.h"
#include "toon/ordered_queue.h"

namespace toonmirror::toon {

// produce() -> std::optional<Job> is called in a thread of its own until it returns nothing; work(Job) ->
// Result in `workers` threads, each computing alone; consume(Result) here, in the order of production. At
// most 3 · workers jobs and results wait. The first exception of any of them ends all and is rethrown.
template <typename Produce, typename Work, typename Consume>
void run_in_order(int workers, Produce produce, Work work, Consume consume) {
  using Job = typename decltype(produce())::value_type;
  using Result = decltype(work(std::declval<Job>()));
  BoundedQueue<std::pair<int64_t, Job>> jobs(static_cast<size_t>(workers));
  OrderedQueue<Result> results(2 * workers);
  std::atomic<int> working = workers;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto guarded = [&](auto body) {
    try {
      body();
    } catch (...) {
      {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
      jobs.cancel();
      results.cancel();
    }
  };
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
      guarded([&] {
        compute_in_this_thread_alone();
        int64_t number = 0;
        while (std::optional<Job> job = produce()) {
          if (!jobs.push({number++, std::move(*job)})) return;
        }
        jobs.close();
      });
    });
    for (int i = 0; i < workers; ++i) {
      threads.emplace_back([&] {
        guarded([&] {
          compute_in_this_thread_alone();
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
  if (failure) std::rethrow_exception(failure);
}

}  // namespace toonmirror::toon
