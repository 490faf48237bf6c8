#include "training/mesh_augmentation.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "training/mesh_mirror.h"
#include "training/no_faces.h"
#include "training/picture_damage.h"

namespace toonmirror::training {
namespace {

constexpr double kRadians = std::numbers::pi / 180.0;
constexpr double kWholeDamage = 0.85;  // share of the crops that cameras and codecs have been at
// A face of which less can be seen is none.
constexpr int64_t kFewestVisible = nets::kMeshPoints * 35 / 100;

MeshPoints points_of(const at::Tensor& points, int64_t row) {
  MeshPoints result;
  std::copy_n(points.data_ptr<float>() + row * nets::kMeshPoints * 3, nets::kMeshPoints * 3,
              result.front().data());
  return result;
}

CropMap map_of(const nets::MeshSquare& square) {
  return {{square.centre_x, square.centre_y},
          {square.right_x, square.right_y},
          {-square.right_y, square.right_x}};
}

// The square around the face, as inexact as trackers and detectors are.
CropMap varied(const nets::MeshSquare& around, const MeshVariety& variety, Dice& dice) {
  const double most = dice.chance(variety.lying) ? variety.max_lying_deg : variety.max_rotation_deg;
  const double angle = dice.around(most) * kRadians, scale = dice.ratio(variety.min_scale, variety.max_scale);
  const double side = 2 * around.half_side();
  nets::MeshSquare square = around;
  square.centre_x += dice.around(variety.max_shift) * side;
  square.centre_y += dice.around(variety.max_shift) * side;
  square.right_x = scale * (std::cos(angle) * around.right_x - std::sin(angle) * around.right_y);
  square.right_y = scale * (std::sin(angle) * around.right_x + std::cos(angle) * around.right_y);
  CropMap map = map_of(square);
  if (variety.mirror && dice.chance(0.5)) map.mirror();
  return map;
}

// The picture, or, where it is cut off, a part of it with a border through the face.
SourcePicture source_of(const uint8_t* picture, const nets::MeshSquare& around, const MeshVariety& variety,
                        Dice& dice) {
  SourcePicture source = whole_picture(picture, kMeshPicture_px);
  const double kind = dice.between(0, 1);
  source.beyond = kind < 0.35 ? Beyond::kMirror : kind < 0.65 ? Beyond::kEdge : Beyond::kColour;
  if (dice.chance(0.3)) source.colour = {dice.betweenf(0, 1), dice.betweenf(0, 1), dice.betweenf(0, 1)};
  if (!dice.chance(variety.cut_off)) return source;
  const double off = dice.between(-0.1, 0.5) * around.half_side();
  const auto hold = [](double value) {
    return std::clamp(static_cast<float>(value), 1.0F, kMeshPicture_px - 2.0F);
  };
  switch (dice.below(4)) {
    case 0:
      source.left = hold(around.centre_x - off);
      break;
    case 1:
      source.right = hold(around.centre_x + off);
      break;
    case 2:
      source.top = hold(around.centre_y - off);
      break;
    default:
      source.bottom = hold(around.centre_y + off);
  }
  return source;
}

// The mesh in units of the crop, and which of its points lie in the crop and in the picture.
void bring_into_crop(const MeshPoints& in_picture, const SourcePicture& source, const CropMap& map,
                     const std::vector<int64_t>* partners, FaceCrop& crop) {
  const double scale = map.scale();
  for (size_t i = 0; i < in_picture.size(); ++i) {
    const size_t from = partners == nullptr ? i : static_cast<size_t>((*partners)[i]);
    const MeshPoint& point = in_picture[from];
    const auto [x, y] = map.crop(point[0], point[1]);
    crop.points[i] = {static_cast<float>(x), static_cast<float>(y), static_cast<float>(point[2] / scale)};
    crop.visible[i] = source.shows(point[0], point[1]);
  }
}

void hide_what_is_outside(FaceCrop& crop) {
  for (size_t i = 0; i < crop.points.size(); ++i) {
    if (std::abs(crop.points[i][0]) > 1 || std::abs(crop.points[i][1]) > 1) crop.visible[i] = false;
  }
}

void finish(const Canvas& canvas) {
  for (int64_t i = 0; i < canvas.size(); ++i) {
    canvas.pixels[i] = std::clamp(canvas.pixels[i] * 2.0F - 1.0F, -1.0F, 1.0F);
  }
}

void photograph(const Canvas& canvas, Dice& dice) {
  if (dice.chance(0.9)) vary_light(canvas, dice);
  if (dice.chance(kWholeDamage)) damage(canvas, dice);
}

// How often rows are drawn: more often where there is something rare to be seen.
at::Tensor row_weights(const at::Tensor& points, const at::Tensor& canonical) {
  constexpr double kNearlyClosed = 0.19, kMouthOpen = 0.25, kTurned_deg = 18;
  const at::Tensor closed = nets::eye_openings(points).amin(1) < kNearlyClosed;
  const at::Tensor gap =
      (points.select(1, nets::kLipPairs[2][0]) - points.select(1, nets::kLipPairs[2][1])).norm(2, -1);
  const at::Tensor open = gap > kMouthOpen * nets::eye_distances(points);
  const at::Tensor angles = nets::head_angles(nets::head_rotations(points, canonical));
  const at::Tensor turned = angles.select(1, 0).abs() > kTurned_deg;
  return 1.0 + 3.0 * closed.to(at::kDouble) + open.to(at::kDouble) + turned.to(at::kDouble);
}

}  // namespace

at::Tensor mesh_crop(const uint8_t* picture, const nets::MeshSquare& square, int64_t size_px) {
  const at::Tensor result = at::empty({size_px, size_px, 3}, at::kFloat);
  const Canvas canvas{result.data_ptr<float>(), size_px};
  sample_crop(whole_picture(picture, kMeshPicture_px), map_of(square), nullptr, /*antialias=*/true, canvas);
  finish(canvas);
  return result.permute({2, 0, 1});
}

MeshSamples::MeshSamples(const MeshPack& pack, const at::Tensor& canonical, int64_t size_px)
    : pack_(pack),
      size_px_(size_px),
      partners_(mirror_partners(canonical)),
      points_(pack.points().contiguous()) {
  const at::Tensor rows = at::tensor(pack.training_rows(), at::kLong);
  const at::Tensor sums = row_weights(points_.index_select(0, rows), canonical).cumsum(0).contiguous();
  weights_.assign(sums.data_ptr<double>(), sums.data_ptr<double>() + sums.numel());
}

MeshBatch MeshSamples::empty_batch(int64_t count) const {
  return {at::empty({count, 3, size_px_, size_px_}, at::kFloat, at::MemoryFormat::ChannelsLast),
          at::zeros({count, nets::kMeshPoints, 3}), at::zeros({count, nets::kMeshPoints}),
          at::zeros({count})};
}

Canvas MeshSamples::canvas(const MeshBatch& batch, int64_t n) const {
  return {batch.pictures.data_ptr<float>() + n * size_px_ * size_px_ * 3, size_px_};
}

int64_t MeshSamples::random_row(Dice& dice) const {
  const auto found = std::ranges::upper_bound(weights_, dice.between(0, weights_.back()));
  const auto index = std::min<size_t>(static_cast<size_t>(found - weights_.begin()), weights_.size() - 1);
  return pack_.training_rows()[index];
}

void MeshSamples::draw_face(int64_t row, const MeshVariety& variety, Dice& dice, MeshBatch& batch,
                            int64_t n) const {
  const MeshPoints known = points_of(points_, row);
  const nets::MeshSquare around = nets::square_around(points_[row]);
  const CropMap map = varied(around, variety, dice);
  const bool mirrored = map.across[0] * map.down[1] - map.across[1] * map.down[0] < 0;
  FaceCrop crop;
  crop.canvas = canvas(batch, n);
  SourcePicture source = source_of(pack_.picture(row), around, variety, dice);
  bring_into_crop(known, source, map, mirrored ? &partners_ : nullptr, crop);
  std::optional<TurnedView> turned;
  if (dice.chance(variety.turned)) {
    const double axis = std::numbers::pi / 2 + dice.around(0.6);
    turned = turn_view(crop.points,
                       {axis, dice.around(variety.max_turn_deg * kRadians), dice.between(-0.1, 0.35)});
    for (size_t i = 0; i < crop.visible.size(); ++i) crop.visible[i] = crop.visible[i] && !turned->hidden[i];
  }
  hide_what_is_outside(crop);
  if (crop.visible_count() < kFewestVisible) {  // cut off too much: all of the picture after all
    const Beyond beyond = source.beyond;
    source = whole_picture(pack_.picture(row), kMeshPicture_px);
    source.beyond = beyond;
    crop.visible.fill(true);
    hide_what_is_outside(crop);
  }
  sample_crop(source, map, turned ? &turned->field : nullptr, dice.chance(0.75), crop.canvas);
  if (dice.chance(variety.glasses)) put_on_glasses(crop, dice);
  if (dice.chance(variety.covered)) {
    const uint8_t* other = pack_.picture(random_row(dice));
    cover_a_part(crop, other, kMeshPicture_px, dice);
  }
  if (variety.photometric) photograph(crop.canvas, dice);
  finish(crop.canvas);
  std::copy_n(crop.points.front().data(), nets::kMeshPoints * 3,
              batch.points.data_ptr<float>() + n * nets::kMeshPoints * 3);
  std::ranges::copy(crop.visible, batch.visible.data_ptr<float>() + n * nets::kMeshPoints);
  batch.present.data_ptr<float>()[n] = 1;
}

void MeshSamples::draw_other(int64_t row, Dice& dice, MeshBatch& batch, int64_t n) const {
  const Canvas target = canvas(batch, n);
  const std::vector<int64_t>& faceless = pack_.faceless_rows();
  if (!faceless.empty() && dice.chance(0.3)) {
    const int64_t other = faceless[static_cast<size_t>(dice.below(std::ssize(faceless)))];
    draw_faceless(pack_.picture(other), kMeshPicture_px, target, dice);
  } else {
    const MeshPoints known = points_of(points_, row);
    draw_no_face({pack_.picture(row), kMeshPicture_px, &known, map_of(nets::square_around(points_[row]))},
                 target, dice);
  }
  photograph(target, dice);
  finish(target);
}

MeshBatch MeshSamples::faces(const std::vector<int64_t>& rows, const MeshVariety& variety,
                             std::mt19937_64& random) const {
  Dice dice(random);
  MeshBatch batch = empty_batch(std::ssize(rows));
  for (size_t n = 0; n < rows.size(); ++n) draw_face(rows[n], variety, dice, batch, static_cast<int64_t>(n));
  return batch;
}

MeshBatch MeshSamples::no_faces(const std::vector<int64_t>& rows, std::mt19937_64& random) const {
  Dice dice(random);
  MeshBatch batch = empty_batch(std::ssize(rows));
  for (size_t n = 0; n < rows.size(); ++n) draw_other(rows[n], dice, batch, static_cast<int64_t>(n));
  return batch;
}

MeshBatch MeshSamples::draw(int64_t count, double faceless, const MeshVariety& variety,
                            std::mt19937_64& random) const {
  Dice dice(random);
  MeshBatch batch = empty_batch(count);
  for (int64_t n = 0; n < count; ++n) {
    const int64_t row = random_row(dice);
    if (dice.chance(faceless)) {
      draw_other(row, dice, batch, n);
    } else {
      draw_face(row, variety, dice, batch, n);
    }
  }
  return batch;
}

}  // namespace toonmirror::training
