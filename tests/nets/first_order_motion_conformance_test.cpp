// First Order Motion Models against what the reference code computed: conformance cases A5 and B3.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <sstream>

#include "base/error.h"
#include "checkpoint/checkpoint_file.h"
#include "checkpoint/safetensors.h"
#include "nets/driving_motion.h"
#include "nets/first_order_motion.h"
#include "nets/model_file.h"
#include "nets/motion_yaml.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

using toonmirror::testing::TemporaryFolder;

// A way to drive, as the names of expected tensors have it.
struct Variant {
  std::string name;
  DrivingOptions options;
};

const std::vector<Variant> kVariants = {{"abs", {.relative = false}},
                                        {"rel", {.adapt_scale = false}},
                                        {"rel_adapt", {}},
                                        {"rel_nojac", {.relative_jacobian = false}}};

// The expected tensors of a case.
class Expected {
 public:
  explicit Expected(const std::filesystem::path& file) : file_(file) {}

  // Compares where the case has the tensor, as it is or as the average of places.
  void compare(const std::string& name, const at::Tensor& found, double tolerance,
               double mean_tolerance = 1.0) {
    if (file_.contains(name)) compare_tensor(name, found, tolerance, mean_tolerance);
    if (file_.contains(name + "_area64")) {
      compare_tensor(name + "_area64", at::adaptive_avg_pool2d(found, {64, 64}), tolerance, mean_tolerance);
    }
  }

  void compare(const std::string& name, const KeyPoints& found) {
    compare(name + ".value", found.value, 1e-4);
    ASSERT_EQ(file_.contains(name + ".jacobian"), found.jacobian.defined() && file_.contains(name + ".value"))
        << name;
    if (found.jacobian.defined()) compare(name + ".jacobian", found.jacobian, 1e-4);
  }

  bool has_beginning(const std::string& beginning) const {
    const auto found = file_.tensors().lower_bound(beginning);
    return found != file_.tensors().end() && found->first.starts_with(beginning);
  }

  // Every tensor of the case was compared; the largest differences go into the report (--gtest_output).
  void finish() {
    for (const auto& [name, info] : file_.tensors()) {
      EXPECT_TRUE(largest_.contains(name)) << "not compared: " << name;
    }
    for (const auto& [name, difference] : largest_) {
      std::ostringstream text;
      text << difference;
      ::testing::Test::RecordProperty(name, text.str());
    }
  }

 private:
  void compare_tensor(const std::string& name, const at::Tensor& found, double tolerance,
                      double mean_tolerance) {
    const at::Tensor expected = file_.tensor(name);
    ASSERT_EQ(found.sizes(), expected.sizes()) << name;
    const at::Tensor difference = (found - expected).abs();
    largest_[name] = difference.max().item<double>();
    EXPECT_LT(largest_[name], tolerance) << name;
    EXPECT_LT(difference.mean().item<double>(), mean_tolerance) << name;
  }

  checkpoint::SafetensorsFile file_;
  std::map<std::string, double> largest_;
};

at::Tensor read_picture(const std::filesystem::path& path) {
  const cv::Mat picture = cv::imread(path.string(), cv::IMREAD_COLOR);
  if (picture.empty()) throw Error(path.string() + ": not a picture");
  const at::Tensor bgr = at::from_blob(picture.data, {1, picture.rows, picture.cols, 3}, at::kByte);
  return bgr.flip({3}).permute({0, 3, 1, 2}).to(at::kDouble).div(255.0).to(at::kFloat).contiguous();
}

// The three pictures of a case through a model, compared with everything the case has.
void expect_case(MotionModel& model, const std::filesystem::path& folder, const std::filesystem::path& file,
                 double tolerance) {
  constexpr double kWarpTolerance = 2e-3,
                   kWarpMean = 2e-5;  // of sampled photos: the grid's error times their edges
  Expected expected(file);
  KeyPointMaps maps;
  const at::Tensor picture = read_picture(folder / "source.png");
  model->detect(picture, {}, &maps);
  expected.compare("kp_source.input64", maps.input, 1e-4);
  expected.compare("kp_source.feature_first2", maps.features.narrow(1, 0, 2), 1e-4);
  expected.compare("kp_source.logits_first2", maps.logits.narrow(1, 0, 2), 1e-4);
  const EncodedSource source = model->encode_source(picture);
  const KeyPoints initial = model->detect(read_picture(folder / "driving0.png")),
                  driving = model->detect(read_picture(folder / "driving1.png"));
  expected.compare("kp_source", source.key_points);
  expected.compare("kp_driving0", initial);
  expected.compare("kp_driving1", driving);

  for (const Variant& variant : kVariants) {
    const KeyPoints moved = normalize_key_points(source.key_points, driving, initial, variant.options);
    expected.compare("kp_norm." + variant.name + ".value", moved.value, 1e-4);
    if (moved.jacobian.defined()) {
      expected.compare("kp_norm." + variant.name + ".jacobian", moved.jacobian, 1e-4);
    }
    for (const bool align_corners : {false, true}) {
      const std::string name = variant.name + (align_corners ? ".ac1." : ".ac0.");
      if (!expected.has_beginning(name)) continue;
      MotionMaps found;
      expected.compare(name + "prediction", model->render(source, moved, align_corners, &found), tolerance);
      expected.compare(name + "deformation", found.dense.deformation, tolerance);
      expected.compare(name + "mask", found.dense.mask, tolerance);
      expected.compare(name + "deformed", found.deformed, kWarpTolerance, kWarpMean);
      if (found.dense.occlusion.defined()) {
        expected.compare(name + "occlusion_map", found.dense.occlusion, tolerance);
      }
      if (found.dense.mask.size(1) > 7) {
        const at::Tensor chosen = found.dense.sparse_deformed.index_select(1, at::tensor({3, 7}));
        expected.compare(name + "sparse_deformed_k3_k7", chosen, kWarpTolerance, kWarpMean);
      }
      expected.compare(variant.name + ".sparse_motion", found.dense.sparse_motion, tolerance);
      expected.compare(variant.name + ".heatmap", found.dense.heatmap, tolerance);
    }
  }
  expected.finish();
}

std::vector<std::filesystem::path> files_ending(const std::filesystem::path& folder,
                                                const std::string& ending) {
  std::vector<std::filesystem::path> result;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(ending)) result.push_back(entry.path());
  }
  return result;
}

TEST(Conformance, MotionModelCheckpoints) {
  constexpr const char *kExpected = ".expected.safetensors", *kCheckpoint = ".pth.tar";
  const auto cases = testing::conformance_cases("A5-fomm");
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  const at::NoGradGuard no_grad;
  for (const auto& folder : cases) {
    for (const auto& expected : files_ending(folder, kExpected)) {
      // NAME.expected belongs to NAME.pth.tar; where there is none, to all that no other expected belongs to.
      const auto with = [&](const std::filesystem::path& file, const std::string& from,
                            const std::string& to) {
        const std::string name = file.filename().string();
        return folder / (name.substr(0, name.size() - from.size()) + to);
      };
      const bool own = std::filesystem::exists(with(expected, kExpected, kCheckpoint));
      const MotionModelOptions options = read_motion_options(with(expected, kExpected, ".yaml"));
      int files = 0;
      for (const auto& file : files_ending(folder, kCheckpoint)) {
        const std::filesystem::path belongs = with(file, kCheckpoint, kExpected);
        if (own ? belongs != expected : std::filesystem::exists(belongs)) continue;
        SCOPED_TRACE(file.filename().string());
        const checkpoint::CheckpointFile checkpoint(file);
        checkpoint::NamedTensors tensors;
        for (const auto& [name, entry] : checkpoint.tensors()) tensors[name] = checkpoint.tensor(name);
        MotionModel model = load_motion_model(tensors, options, file.string());
        expect_case(model, folder, expected, 2e-4);
        ++files;
      }
      EXPECT_GT(files, 0) << expected;
    }
  }
}

TEST(Conformance, PublishedMotionModel) {
  const auto cases = testing::conformance_cases("B3-fomm");
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  const at::NoGradGuard no_grad;
  for (const auto& folder : cases) {
    SCOPED_TRACE(folder.filename().string());
    std::ifstream case_file(folder / "case.json"), weights_file(folder / "weights.json");
    const nlohmann::json info = nlohmann::json::parse(case_file),
                         weights = nlohmann::json::parse(weights_file);
    // The case has the configuration as JSON, which YAML includes.
    const TemporaryFolder temporary;
    const nlohmann::json configuration = {{"model_params", info.at("config")}};
    const MotionModelOptions options =
        read_motion_options(temporary.write("case.yaml", configuration.dump()));

    // Constants are what the architecture computes itself.
    checkpoint::NamedTensors tensors = named_tensors(*MotionModel(options));
    EXPECT_EQ(tensors.size(), weights.at("tensors").size());
    for (const nlohmann::json& entry : weights.at("tensors")) {
      const auto name = entry.at("name").get<std::string>(), kind = entry.at("kind").get<std::string>();
      ASSERT_TRUE(tensors.contains(name)) << name;
      if (kind == "fixed") continue;
      at::Tensor tensor = testing::formula_tensor(
          weights.at("salt").get<std::string>(), name, entry.at("shape").get<std::vector<int64_t>>(),
          entry.at("gain").get<float>(), entry.at("base").get<float>());
      if (kind == "formula+identity") tensor.view({-1, 2, 2}).add_(at::eye(2));
      EXPECT_FLOAT_EQ(tensor.flatten()[0].item<float>(), entry.at("first")[0].get<float>()) << name;
      tensors[name] = tensor;
    }
    MotionModel model = load_motion_model(tensors, options, "case");
    model->prepare();
    expect_case(model, folder, folder / "expected.safetensors", 5e-4);
    // What shapes do not tell is as published: no configuration is needed.
    const MotionModelOptions found = motion_options_from_tensors(tensors, "case");
    EXPECT_EQ(found.kp_detector.temperature, options.kp_detector.temperature);
    EXPECT_EQ(found.kp_detector.pad, options.kp_detector.pad);
    EXPECT_EQ(found.generator.dense_motion.kp_variance, options.generator.dense_motion.kp_variance);
  }
}

}  // namespace
}  // namespace toonmirror::nets
