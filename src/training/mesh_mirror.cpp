#include "training/mesh_mirror.h"

#include <string>

#include "base/error.h"
#include "nets/face_mesh_points.h"
#include "nets/mesh_measures.h"

namespace toonmirror::training {
namespace {

at::Tensor mirrored(const at::Tensor& mesh) {
  at::Tensor result = mesh.clone();
  result.select(1, 0).neg_();
  return result;
}

// What is known by name: lids, irises, brows, lips and contour, [K] and [K].
struct KnownPairs {
  std::vector<int64_t> points, partners;

  void add(int64_t point, int64_t partner) {
    points.push_back(point);
    partners.push_back(partner);
  }
};

KnownPairs known_pairs() {
  KnownPairs pairs;
  const auto add_both = [&](int64_t left, int64_t right) {
    pairs.add(left, right);
    pairs.add(right, left);
  };
  for (size_t k = 0; k < nets::kLidPoints; ++k) add_both(nets::kLeftLids[k], nets::kRightLids[k]);
  for (int64_t k = 0; k < nets::kIrisPoints; ++k) add_both(nets::kLeftIris + k, nets::kRightIris + k);
  const size_t brow = nets::kBrows.size() / 2;
  for (size_t k = 0; k < brow; ++k) add_both(nets::kBrows[k], nets::kBrows[k + brow]);
  for (const auto& ring : {nets::kOuterLips, nets::kInnerLips}) {  // from the left corner
    const size_t around = ring.size();
    for (size_t k = 0; k < around; ++k) pairs.add(ring[k], ring[(around / 2 + around - k) % around]);
  }
  const size_t around = nets::kContour.size();  // from the middle
  for (size_t k = 0; k < around; ++k) pairs.add(nets::kContour[k], nets::kContour[(around - k) % around]);
  return pairs;
}

// `moving` turned and shifted so that its rows `from` lie closest to the rows `to` of `mesh`.
at::Tensor laid_over(const at::Tensor& moving, const at::Tensor& mesh, const at::Tensor& from,
                     const at::Tensor& to) {
  const at::Tensor a = moving.index_select(0, from), b = mesh.index_select(0, to);
  const at::Tensor a_middle = a.mean(0, /*keepdim=*/true), b_middle = b.mean(0, /*keepdim=*/true);
  const auto [u, sizes, vt] = at::linalg_svd((b - b_middle).t().matmul(a - a_middle));
  at::Tensor signs = at::ones_like(sizes);
  signs[2] = at::linalg_det(u.matmul(vt)).sign();  // a rotation, not a reflection
  return (moving - a_middle).matmul((u * signs).matmul(vt).t()) + b_middle;
}

}  // namespace

std::vector<int64_t> mirror_partners(const at::Tensor& given) {
  const at::Tensor mesh = given.to(at::kDouble);
  const KnownPairs known = known_pairs();
  const at::Tensor image = laid_over(mirrored(mesh), mesh, at::tensor(known.points, at::kLong),
                                     at::tensor(known.partners, at::kLong));
  const at::Tensor nearest = (image.unsqueeze(1) - mesh.unsqueeze(0)).norm(2, -1).argmin(1).contiguous();
  const auto* first = nearest.data_ptr<int64_t>();
  std::vector<int64_t> partners(first, first + nearest.numel());
  // Some lie so close together, as the lips of a shut mouth do, that a mean face would not tell them apart.
  for (size_t k = 0; k < known.points.size(); ++k) {
    partners[static_cast<size_t>(known.points[k])] = known.partners[k];
  }
  for (size_t i = 0; i < partners.size(); ++i) {
    if (partners[static_cast<size_t>(partners[i])] == static_cast<int64_t>(i)) continue;
    throw Error("face meshes whose mean is not symmetrical: what is the mirror image of point " +
                    std::to_string(i) + "?",
                "are there too few, or all turned to one side?");
  }
  return partners;
}

at::Tensor canonical_mesh(const at::Tensor& meshes) {
  at::Tensor sum = at::zeros({meshes.size(1), 3}, at::kDouble);
  for (int64_t n = 0; n < meshes.size(0); ++n) {
    sum += nets::square_from_picture(meshes[n], nets::square_around(meshes[n])).to(at::kDouble);
  }
  at::Tensor mean = sum / static_cast<double>(meshes.size(0));
  // What faces turned to one side more often leave behind.
  mean.select(1, 0) -= mean.select(1, 0).mean();
  mean.select(1, 2) -= mean.select(1, 2).mean();
  const std::vector<int64_t> partners = mirror_partners(mean);
  const at::Tensor other = mirrored(mean).index_select(0, at::tensor(partners, at::kLong));
  return ((mean + other) / 2).to(at::kFloat);
}

}  // namespace toonmirror::training
