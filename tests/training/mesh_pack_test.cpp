#include "training/mesh_pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/face_mesh.h"
#include "support/temporary_folder.h"

namespace toonmirror::training {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(MeshPackTest, GivesBackWhatWasWritten) {
  const testing::TemporaryFolder folder;
  testing::write_mesh_pack(folder / "m.safetensors", 4);
  const MeshPack pack(folder / "m.safetensors");
  EXPECT_EQ(pack.training_rows(), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(pack.held_out_rows(), (std::vector<int64_t>{3}));
  EXPECT_TRUE(pack.faceless_rows().empty());
  const checkpoint::SafetensorsFile file(folder / "m.safetensors");
  EXPECT_TRUE(at::equal(pack.points(), file.tensor("points")));
  const at::Tensor picture = file.tensor("pictures")[2].contiguous();
  EXPECT_TRUE(std::equal(picture.data_ptr<uint8_t>(), picture.data_ptr<uint8_t>() + picture.numel(),
                         pack.picture(2)));
}

TEST(MeshPackTest, TellsPicturesWithoutFacesApart) {
  const testing::TemporaryFolder folder;
  testing::write_mesh_pack(folder / "m.safetensors", 5);
  checkpoint::NamedTensors tensors = checkpoint::SafetensorsFile(folder / "m.safetensors").all();
  tensors["face"] = at::tensor({1, 0, 1, 1, 0}, at::kByte);  // the last is held out
  checkpoint::write_safetensors(folder / "n.safetensors", tensors, {{"toonmirror.kind", kMeshesKind}});
  const MeshPack pack(folder / "n.safetensors");
  EXPECT_EQ(pack.training_rows(), (std::vector<int64_t>{0, 2, 3}));
  EXPECT_EQ(pack.faceless_rows(), (std::vector<int64_t>{1}));
  EXPECT_TRUE(pack.held_out_rows().empty());
}

TEST(MeshPackTest, RefusesOtherFiles) {
  const testing::TemporaryFolder folder;
  testing::write_mesh_pack(folder / "m.safetensors", 2);
  checkpoint::NamedTensors tensors = checkpoint::SafetensorsFile(folder / "m.safetensors").all();
  checkpoint::write_safetensors(folder / "kind.safetensors", tensors, {{"toonmirror.kind", "pairs"}});
  EXPECT_THAT([&] { MeshPack pack(folder / "kind.safetensors"); },
              ThrowsMessage<Error>(HasSubstr("not a pack of face meshes")));
  tensors["points"] = at::zeros({2, 468, 3});
  checkpoint::write_safetensors(folder / "few.safetensors", tensors, {{"toonmirror.kind", kMeshesKind}});
  EXPECT_THAT([&] { MeshPack pack(folder / "few.safetensors"); }, ThrowsMessage<Error>(HasSubstr("256 px")));
  tensors["points"] = at::zeros({2, nets::kMeshPoints, 3});
  tensors["face"] = at::zeros({2}, at::kByte);
  checkpoint::write_safetensors(folder / "none.safetensors", tensors, {{"toonmirror.kind", kMeshesKind}});
  EXPECT_THAT([&] { MeshPack pack(folder / "none.safetensors"); },
              ThrowsMessage<Error>(HasSubstr("no face to train on")));
}

}  // namespace
}  // namespace toonmirror::training
