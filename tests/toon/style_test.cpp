#include "toon/style.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::toon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using toonmirror::testing::TemporaryFolder;

constexpr const char* kShortest = "name = \"a\"\nencoder = \"e.st\"\n[generator]\nface = \"f.st\"\n";

class StyleFile : public ::testing::Test {
 protected:
  StyleFile() {
    folder_.write("e.st", "");
    folder_.write("f.st", "");
    folder_.write("c.st", "");
  }

  Style load(const std::string& text) { return load_style(folder_.write("a.toml", text)); }

  std::string error_of(const std::string& text) {
    try {
      load(text);
    } catch (const Error& error) {
      return std::string(error.what()) + "\n" + error.hint();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(StyleFile, TellsHowTheSceneIsDrawn) {
  EXPECT_EQ(load(kShortest).scene, SceneManner::kNone);
  for (const SceneManner manner : {SceneManner::kFilm, SceneManner::kComic, SceneManner::kUkiyoe,
                                   SceneManner::kDrawing, SceneManner::kPainting}) {
    Style style = load(kShortest);
    style.scene = manner;
    style.scene_drawn = manner != SceneManner::kComic;
    style.file = folder_ / "b.toml";
    write_style(style);
    const Style again = load_style(style.file);
    EXPECT_EQ(again.scene, manner);
    EXPECT_EQ(again.scene_drawn, style.scene_drawn);
  }
  EXPECT_THAT(error_of(std::string(kShortest) + "[scene]\nmanner = \"fresco\"\n"),
              AllOf(HasSubstr("fresco"), HasSubstr("ukiyoe")));
  EXPECT_THAT(error_of(std::string(kShortest) + "[scene]\ndrawn = true\n"), HasSubstr("scene.manner"));
}

TEST_F(StyleFile, NeedsOnlyNameEncoderAndFace) {
  const Style style = load(kShortest);
  EXPECT_EQ(style.name, "a");
  EXPECT_EQ(style.encoder, folder_ / "e.st");
  EXPECT_EQ(style.face, folder_ / "f.st");
  EXPECT_TRUE(style.child.empty());
  EXPECT_EQ(style.psi, 1);
  EXPECT_EQ(style.likeness, 1);
}

TEST_F(StyleFile, TakesEveryKey) {
  const Style style = load(
      "name = \"b\"\ndescription = \"d\"\nlicence = \"l\"\nencoder = \"e.st\"\npsi = 0.5\nlikeness = 0\n"
      "[generator]\nface = \"f.st\"\nchild = \"c.st\"\n"
      "[blend]\nresolution = 32\nlevel = 0\nstructure = \"face\"\nwidth = 3\n");
  EXPECT_EQ(style.description, "d");
  EXPECT_EQ(style.licence, "l");
  EXPECT_EQ(style.psi, 0.5);
  EXPECT_EQ(style.likeness, 0);
  EXPECT_EQ(style.child, folder_ / "c.st");
  EXPECT_EQ(style.blend.resolution, 32);
  EXPECT_EQ(style.blend.structure, Blend::Side::kFace);
  EXPECT_EQ(style.blend.level, 0);
  EXPECT_EQ(style.blend.width, 3);
  EXPECT_EQ(style.blend.method, Blend::Method::kPinkney);
}

TEST_F(StyleFile, TakesWeightsPerLayer) {
  const Style style = load(std::string(kShortest) + "[blend]\nmethod = \"layers\"\nweights = [1, 0.5, 0]\n");
  EXPECT_EQ(style.blend.method, Blend::Method::kLayers);
  EXPECT_EQ(style.blend.weights, (std::vector<double>{1, 0.5, 0}));
  EXPECT_EQ(load(kShortest).blend.method, Blend::Method::kChild);
}

TEST_F(StyleFile, ReadsWhatItWrote) {
  for (const char* more :
       {"", "[blend]\nresolution = 64\nlevel = 0\nstructure = \"face\"\nwidth = 0.5\n",
        "[blend]\nmethod = \"vtoonify\"\nweights = [1, 0.25]\n", "[geometry]\neyes = 1.5\njaw = 0.1\n"}) {
    Style style = load(
        "name = \"b\"\ndescription = \"d\"\nlicence = \"l\"\nencoder = \"e.st\"\nparser = \"e.st\"\n"
        "teacher = \"comic\"\nstills = \"teacher\"\n"
        "psi = 0.5\nlikeness = 0.25\n[generator]\nface = \"f.st\"\nchild = \"c.st\"\n" +
        std::string(more));
    std::filesystem::create_directory(folder_ / "styles");
    style.file = folder_ / "styles/again.toml";
    write_style(style);
    const Style again = load_style(style.file);
    EXPECT_EQ(again.name, style.name);
    EXPECT_EQ(again.description, style.description);
    EXPECT_EQ(again.licence, style.licence);
    EXPECT_EQ(again.psi, style.psi);
    EXPECT_EQ(again.likeness, style.likeness);
    EXPECT_EQ(again.teacher, style.teacher);
    EXPECT_EQ(again.stills_by_teacher, style.stills_by_teacher);
    for (const auto network : {&Style::encoder, &Style::parser, &Style::face, &Style::child}) {
      EXPECT_EQ(std::filesystem::weakly_canonical(again.*network),
                std::filesystem::weakly_canonical(style.*network));
    }
    EXPECT_EQ(again.blend.method, style.blend.method);
    EXPECT_EQ(again.blend.structure, style.blend.structure);
    EXPECT_EQ(again.blend.resolution, style.blend.resolution);
    EXPECT_EQ(again.blend.level, style.blend.level);
    EXPECT_EQ(again.blend.width, style.blend.width);
    EXPECT_EQ(again.blend.weights, style.blend.weights);
    ASSERT_EQ(again.geometry.has_value(), style.geometry.has_value());
    if (!style.geometry) continue;
    EXPECT_EQ(again.geometry->eye_zoom, style.geometry->eye_zoom);
    EXPECT_EQ(again.geometry->jaw_pull, style.geometry->jaw_pull);
  }
}

TEST_F(StyleFile, NamesWhatIsWrong) {
  const std::string shortest = kShortest;
  EXPECT_THAT(error_of("speed = 1\n" + shortest), AllOf(HasSubstr("'speed'"), HasSubstr("line 1")));
  EXPECT_THAT(error_of(shortest + "colour = 1\n"), HasSubstr("'generator.colour'"));
  EXPECT_THAT(error_of(shortest + "[blend]\nheight = 1\n"), HasSubstr("'blend.height'"));
  EXPECT_THAT(error_of(shortest + "[blend]\nlevel = 2\n"), HasSubstr("blend.level"));
  EXPECT_THAT(error_of(shortest + "[blend]\nmethod = \"magic\"\n"), HasSubstr("\"vtoonify\""));
  EXPECT_THAT(error_of(shortest + "[blend]\nmethod = \"layers\"\n"), HasSubstr("weights"));
  EXPECT_THAT(error_of(shortest + "[blend]\nweights = [1]\n"), HasSubstr("weights"));
  EXPECT_THAT(error_of(shortest + "[blend]\nweights = [\"a\"]\n"), HasSubstr("list of numbers"));
  EXPECT_THAT(error_of(shortest + "[blend]\nmethod = \"layers\"\nweights = [2]\n"), HasSubstr("weight"));
  EXPECT_THAT(error_of("name = \"a\"\n[generator]\nface = \"f.st\"\n"), HasSubstr("'encoder'"));
  EXPECT_THAT(error_of("name = \"a\"\nencoder = \"e.st\"\n"), HasSubstr("'generator.face'"));
  EXPECT_THAT(error_of("psi = \"much\"\n" + shortest), AllOf(HasSubstr("'psi'"), HasSubstr("number")));
  EXPECT_THAT(error_of("name = \"a\"\ngenerator = 3\n"), HasSubstr("'generator'"));
  EXPECT_THAT(error_of("psi = 7\n" + shortest), HasSubstr("psi"));
  EXPECT_THAT(error_of(shortest + "[geometry]\nears = 2\n"), HasSubstr("'geometry.ears'"));
  EXPECT_THAT(error_of(shortest + "[geometry]\neyes = 5\n"), HasSubstr("geometry"));
  EXPECT_THAT(error_of("teacher = \"command:rm\"\n" + shortest), HasSubstr("command:rm"));
  EXPECT_THAT(error_of("teacher = \"photo\"\n" + shortest), HasSubstr("photo"));
  EXPECT_THAT(error_of("stills = \"teacher\"\n" + shortest), HasSubstr("names none"));
  EXPECT_THAT(error_of("stills = \"me\"\nteacher = \"comic\"\n" + shortest), HasSubstr("\"child\""));
  EXPECT_THAT(error_of("likeness = nan\n" + shortest), HasSubstr("likeness"));
  EXPECT_THAT(error_of(shortest + "[blend]\nresolution = 48\n"), HasSubstr("blend.resolution"));
  EXPECT_THAT(error_of(shortest + "[blend]\nresolution = -9223372036854775808\n"),
              HasSubstr("blend.resolution"));
  EXPECT_THAT(error_of(shortest + "[blend]\nwidth = -1\n"), HasSubstr("blend.width"));
  EXPECT_THAT(error_of(shortest + "[blend]\nstructure = \"toon\"\n"), HasSubstr("blend.structure"));
  EXPECT_THAT(error_of(shortest + "child = \"missing.st\"\n"), HasSubstr("missing.st"));
  EXPECT_THAT(error_of("name = \"a\"\nname = = 3\n"), HasSubstr("line 2"));
  EXPECT_THROW(load_style(folder_ / "none.toml"), Error);
}

TEST_F(StyleFile, RefusesWhatIsDeeperThanAStack) {
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "a.";
  EXPECT_THAT(error_of(deep + "a = 1\n"), HasSubstr("too large"));
  // The deepest key that is not too large.
  EXPECT_THAT(error_of(deep.substr(0, 16'000) + "a = 1\n"), HasSubstr("'name'"));
  EXPECT_THAT(error_of("a = " + std::string(16'000, '[')), HasSubstr("line 1"));
}

}  // namespace
}  // namespace toonmirror::toon
