#include "training/training_run.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <fstream>
#include <iomanip>
#include <optional>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "base/model_keys.h"

namespace toonmirror::training {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Runs body(worker) on one thread each, every thread with one LibTorch thread; rethrows the first exception.
void on_workers(int64_t count, const std::function<void(int64_t)>& body) {
  std::vector<std::exception_ptr> failures(static_cast<size_t>(count));
  std::vector<std::thread> threads;
  for (int64_t worker = 0; worker < count; ++worker) {
    threads.emplace_back([&, worker] {
      at::set_num_threads(1);
      try {
        body(worker);
      } catch (...) {
        failures[static_cast<size_t>(worker)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

// Sums of the logged figures since the last line.
class FigureLog {
 public:
  void add(const std::map<std::string, double>& figures) {
    for (const auto& [name, value] : figures) {
      sums_[name].first += value;
      sums_[name].second += 1;
    }
  }
  std::string line() {
    std::ostringstream text;
    text << std::setprecision(4);
    for (const auto& [name, sum] : sums_)
      text << '\t' << name << ' ' << sum.first / static_cast<double>(sum.second);
    sums_.clear();
    return text.str();
  }

 private:
  std::map<std::string, std::pair<double, int64_t>> sums_;
};

// One set of weights under training: shared by the workers, with a gradient each.
class Player {
 public:
  Player(const AdamOptions& options, const std::vector<Modules>& replicas)
      : parameters_(replicas.front()), adam_(options, parameters_.values()) {
    for (const Modules& modules : replicas) gradients_.push_back(parameters_.share_with(modules));
  }

  at::Tensor& gradient(int64_t worker) { return gradients_[static_cast<size_t>(worker)]; }

  double step(double progress) {
    at::Tensor& sum = gradients_.front();
    for (size_t i = 1; i < gradients_.size(); ++i) sum.add_(gradients_[i]);
    sum.div_(static_cast<double>(gradients_.size()));
    return adam_.step(parameters_.values(), sum, progress);
  }

  void use_average() { parameters_.values().copy_(adam_.average()); }
  at::Tensor& values() { return parameters_.values(); }
  int64_t skipped_steps() const { return adam_.skipped_steps(); }

  void save_to(checkpoint::NamedTensors& state, const std::string& prefix) {
    for (const auto& [name, tensor] : adam_.state()) state[prefix + name] = tensor;
    state[prefix + "values"] = values();
  }
  void load_from(const checkpoint::SafetensorsFile& file, const std::string& prefix) {
    const at::Tensor stored = file.tensor(prefix + "values");
    if (stored.numel() != values().numel()) {
      throw Error(file.path().string() + ": belongs to another network", "choose another output folder");
    }
    values().copy_(stored);
    checkpoint::NamedTensors state;
    for (const auto& [name, tensor] : file.all()) {
      if (name.starts_with(prefix + "adam.")) state[name.substr(prefix.size())] = tensor;
    }
    adam_.restore(state);
  }

 private:
  FlatParameters parameters_;
  Adam adam_;
  std::vector<at::Tensor> gradients_;
};

// The trained networks and, in adversarial training, their critics; knows how to save and resume both.
struct Players {
  Player networks;
  std::optional<Player> critics;

  Players(const RunOptions& options, const std::vector<Modules>& replicas,
          const std::vector<Modules>& critic_replicas)
      : networks(options.adam, replicas) {
    if (!critic_replicas.empty()) critics.emplace(options.critic_adam, critic_replicas);
  }

  // Returns the step the checkpoint was written after, 0 without one.
  int64_t resume(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) return 0;
    const checkpoint::SafetensorsFile file(path);
    networks.load_from(file, "");
    // Critics of another shape, of an earlier version, begin anew: they learn in a few hundred steps.
    if (critics && file.contains("critic.values") &&
        file.tensor("critic.values").numel() == critics->values().numel()) {
      critics->load_from(file, "critic.");
    }
    return std::stoll(file.required_metadata("step"));
  }
  void save(const std::filesystem::path& path, int64_t step) {
    checkpoint::NamedTensors state;
    networks.save_to(state, "");
    if (critics) critics->save_to(state, "critic.");
    checkpoint::write_safetensors(path, state,
                                  {{kKindKey, "training checkpoint"}, {"step", std::to_string(step)}});
  }
};

// Draws a sheet with the averaged weights in place, then puts the trained ones back.
void draw_sheet(Player& networks, const RunHooks& hooks, const std::filesystem::path& folder, int64_t step) {
  std::ostringstream name;
  name << "sheet-" << std::setw(7) << std::setfill('0') << step << ".png";
  const at::Tensor trained = networks.values().clone();
  networks.use_average();
  hooks.sheet(folder / name.str());
  networks.values().copy_(trained);
}

}  // namespace

void RunOptions::check() const {
  if (steps < 1 || workers < 1 || batch_per_worker < 1 || log_every < 1 || sheet_every < 1 ||
      checkpoint_every < 1) {
    throw Error("training steps, workers, batch size and intervals must be at least 1");
  }
  if (adam.learning_rate <= 0 || adam.clip_norm <= 0)
    throw Error("learning rate and clip norm must be positive");
}

void run_training(const RunOptions& options, const std::vector<Modules>& replicas,
                  const std::vector<Modules>& critics, const RunHooks& hooks) {
  options.check();
  std::error_code failure;
  std::filesystem::create_directories(options.output, failure);
  std::ofstream log(options.output / "log.tsv", std::ios::app);
  if (!log) throw Error(options.output.string() + ": cannot be written", "choose another output folder");
  const std::filesystem::path checkpoint_path = options.output / kCheckpointName;
  Players players(options, replicas, critics);
  int64_t step = players.resume(checkpoint_path);
  if (step > 0) hooks.log("resumed at step " + std::to_string(step));

  const Clock::time_point start = Clock::now();
  Clock::time_point last_log = start;
  int64_t logged_step = step;
  FigureLog figures;
  bool stopped = false;
  while (step < options.steps && !stopped) {
    const double time = options.max_minutes > 0 ? seconds_since(start) / 60.0 / options.max_minutes : 0.0;
    const double steps = static_cast<double>(step) / static_cast<double>(options.steps);
    const double progress = options.hold_rate ? steps : std::max(steps, time);
    const double decay = options.hold_rate ? 0.0 : progress;
    std::vector<Loss> losses(static_cast<size_t>(options.workers));
    std::atomic<bool> critic_played = false;
    on_workers(options.workers, [&](int64_t worker) {
      // Seeded by step and worker: a resumed run draws what an uninterrupted one would have drawn.
      std::seed_seq seed{options.seed, static_cast<uint64_t>(step), static_cast<uint64_t>(worker)};
      std::mt19937_64 random(seed);
      const StepContext context{step, progress, worker, &random};
      Loss& loss = losses[static_cast<size_t>(worker)];
      players.networks.gradient(worker).zero_();
      loss = hooks.loss(context);
      loss.total.backward();
      loss.total.reset();
      if (!players.critics) return;
      players.critics->gradient(worker).zero_();
      Loss critic = hooks.critic_loss(context);
      loss.figures.merge(critic.figures);
      if (!critic.total.defined()) return;
      critic.total.backward();
      critic_played = true;
    });
    const double norm = players.networks.step(decay);
    if (critic_played) players.critics->step(decay);
    ++step;
    for (const Loss& loss : losses) figures.add(loss.figures);
    figures.add({{"gradient", norm}});

    stopped = time >= 1.0 || (hooks.stop_requested && hooks.stop_requested());
    const bool last = stopped || step == options.steps;
    if (step % options.log_every == 0 || last) {
      const double rate =
          static_cast<double>((step - logged_step) * options.workers * options.batch_per_worker) /
          seconds_since(last_log);
      last_log = Clock::now();
      logged_step = step;
      std::ostringstream line;
      line << "step " << step << std::fixed << std::setprecision(1) << '\t' << rate << " images/s"
           << figures.line();
      if (players.networks.skipped_steps() > 0) line << "\tskipped " << players.networks.skipped_steps();
      log << line.str() << std::endl;
      hooks.log(line.str());
    }
    if (step % options.checkpoint_every == 0 || last) players.save(checkpoint_path, step);
    if (hooks.sheet && (step % options.sheet_every == 0 || last)) {
      draw_sheet(players.networks, hooks, options.output, step);
    }
  }
  players.networks.use_average();
  for (const Modules& modules : replicas) FlatParameters::release(modules);
}

}  // namespace toonmirror::training
