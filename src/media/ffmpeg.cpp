#include "media/ffmpeg.h"

#include <atomic>
#include <mutex>

#include "base/error.h"

namespace toonmirror::media {

namespace {

std::atomic<bool> logging_wanted{false};

}  // namespace

FramePtr make_frame() {
  FramePtr frame(av_frame_alloc());
  if (!frame) throw Error("out of memory for a video picture");
  return frame;
}

PacketPtr make_packet() {
  PacketPtr packet(av_packet_alloc());
  if (!packet) throw Error("out of memory for a media packet");
  return packet;
}

FramePtr make_picture(AVPixelFormat format, int width, int height) {
  FramePtr picture = make_frame();
  picture->format = format;
  picture->width = width;
  picture->height = height;
  check(av_frame_get_buffer(picture.get(), 0),
        "a picture of " + std::to_string(width) + "x" + std::to_string(height));
  return picture;
}

std::string error_text(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

int check(int code, const std::string& what) {
  if (code < 0) throw Error(what + ": " + error_text(code));
  return code;
}

void set_ffmpeg_logging(bool on) {
  logging_wanted = on;
  av_log_set_level(on ? AV_LOG_INFO : AV_LOG_QUIET);
}

void prepare_ffmpeg_logging() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (!logging_wanted) av_log_set_level(AV_LOG_QUIET);
  });
}

}  // namespace toonmirror::media
