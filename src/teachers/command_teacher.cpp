#include "teachers/command_teacher.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

namespace fs = std::filesystem;

class WorkFolder {
 public:
  WorkFolder() {
    std::string pattern = (fs::temp_directory_path() / "toonmirror-teacher-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw Error(pattern + ": cannot be made: " + std::strerror(errno));
    }
    path_ = pattern;
  }
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

// The exit code, 128 + signal where a signal ended it.
int run(const std::string& command, const std::string& from, const std::string& to) {
  // The file names are arguments of their own: nothing in them is read as shell.
  const std::string script = command + " \"$@\"";
  const std::string words[] = {"sh", "-c", script, "sh", from, to};
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t process = 0;
  const int error = ::posix_spawn(&process, "/bin/sh", nullptr, nullptr, arguments.data(), environ);
  if (error != 0) throw Error("teacher program '" + command + "': cannot be run: " + std::strerror(error));
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Drawing draw_by_command(const FaceDrawingInput& input, const std::string& command) {
  const WorkFolder folder;
  const std::string from = folder.file("photo.png"), to = folder.file("picture.png");
  cv::Mat bgr;
  cv::cvtColor(resized(input.photo, kPictureSize_px), bgr, cv::COLOR_RGB2BGR);
  if (!cv::imwrite(from, bgr)) throw Error(from + ": cannot be written");
  if (const int code = run(command, from, to); code != 0) {
    throw Error("teacher program '" + command + "': ended with code " + std::to_string(code),
                "it is called with a picture to read and a picture to write");
  }
  cv::Mat picture;
  if (fs::exists(to)) picture = cv::imread(to, cv::IMREAD_COLOR);
  if (picture.empty()) {
    throw Error("teacher program '" + command + "': wrote no picture",
                "its last argument is the PNG file to write");
  }
  if (picture.rows != picture.cols) {
    throw Error("teacher program '" + command + "': wrote a picture that is not square",
                "it is given a square of 512 px and is to write one");
  }
  cv::cvtColor(resized(picture, input.picture_px), picture, cv::COLOR_BGR2RGB);
  return undrawn(input, picture);
}

}  // namespace toonmirror::teachers
