#include "base/model_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

// Sets an environment variable for one test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* previous = std::getenv(name)) previous_ = previous;
    setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() {
    if (previous_) {
      setenv(name_, previous_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> previous_;
};

// An empty current folder, with $TOONMIRROR_MODELS and the user's data folder inside of it.
class ModelPathTest : public ::testing::Test {
 protected:
  ModelPathTest() : previous_folder_(fs::current_path()) { fs::current_path(folder_.path()); }
  ~ModelPathTest() override { fs::current_path(previous_folder_); }

  TemporaryFolder folder_;
  fs::path previous_folder_;
  ScopedVariable models_{"TOONMIRROR_MODELS", (folder_ / "mine").string()};
  ScopedVariable data_{"XDG_DATA_HOME", (folder_ / "data").string()};
};

// An installed program finds what was installed with it, whatever prefix that was.
TEST_F(ModelPathTest, TheShareFolderBesideTheProgramsIsSearched) {
  const fs::path programs = fs::read_symlink("/proc/self/exe").parent_path();
  EXPECT_THAT(model_folders(), ::testing::Contains(programs.parent_path() / "share/toonmirror/models"));
}

TEST_F(ModelPathTest, EarlierFoldersWin) {
  folder_.write("data/toonmirror/models/x.testmodel", "");
  EXPECT_EQ(find_model("x", ".testmodel"), folder_ / "data/toonmirror/models/x.testmodel");
  folder_.write("mine/x.testmodel", "");
  EXPECT_EQ(find_model("x", ".testmodel"), folder_ / "mine/x.testmodel");
  folder_.write("models/x.testmodel", "");
  EXPECT_EQ(find_model("x", ".testmodel"), "models/x.testmodel");
  EXPECT_EQ(find_model("x.testmodel", ".testmodel"), "models/x.testmodel");
  EXPECT_EQ(list_models(".testmodel"), std::vector<fs::path>{"models/x.testmodel"});
}

TEST_F(ModelPathTest, PathIsTakenAsItIs) {
  const fs::path elsewhere = folder_.write("elsewhere/other.bin", "");
  EXPECT_EQ(find_model(elsewhere.string(), ".testmodel"), elsewhere);
  folder_.write("models/sub/x.testmodel", "");
  EXPECT_THROW(find_model("sub/x", ".testmodel"), Error);
}

TEST_F(ModelPathTest, DotInANameIsNotTakenForItsExtension) {
  folder_.write("models/toon.v2.testmodel", "");
  EXPECT_EQ(find_model("toon.v2", ".testmodel"), "models/toon.v2.testmodel");
}

TEST_F(ModelPathTest, SaysWhereItLookedWhenThereIsNothing) {
  try {
    find_model("x", ".testmodel");
    FAIL() << "found a model in empty folders";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no models found"));
    EXPECT_THAT(error.what(), HasSubstr("x.testmodel"));
    for (const fs::path& folder : model_folders()) EXPECT_THAT(error.what(), HasSubstr(folder.string()));
  }
}

TEST_F(ModelPathTest, NamesWhatThereIsInstead) {
  folder_.write("models/toon.testmodel", "");
  folder_.write("mine/print.testmodel", "");
  try {
    find_model("x", ".testmodel");
    FAIL() << "found a model that does not exist";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no model named 'x'"));
    EXPECT_EQ(error.hint(), "there are: print, toon");
  }
}

}  // namespace
}  // namespace toonmirror
