#include "media/input.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/error.h"
#include "base/interrupt.h"
#include "media/picture_file.h"

namespace toonmirror::media {

namespace {

namespace fs = std::filesystem;

// Demuxers that draw text as video, or that would follow names found in a file.
constexpr std::array<std::string_view, 9> kNotMedia = {"tty", "bin",    "xbin",       "adf",   "idf",
                                                       "sbg", "concat", "ffmetadata", "image2"};

int interrupt_requested(void*) { return interrupted() ? 1 : 0; }

// An MP4 or QuickTime file without its index, as a recorder that lost power leaves it.
bool lacks_mp4_index(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  char head[12] = {};
  file.read(head, sizeof(head));
  const std::string_view brand(head + 4, 4);
  if (!file || (brand != "ftyp" && brand != "mdat" && brand != "wide")) return false;
  uint64_t offset = 0;
  const uint64_t size = fs::file_size(path);
  while (offset + 16 <= size) {
    unsigned char box[16] = {};
    file.seekg(static_cast<std::streamoff>(offset));
    if (!file.read(reinterpret_cast<char*>(box), sizeof(box))) return true;
    uint64_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | box[i];
    if (length == 1) {
      length = 0;
      for (int i = 8; i < 16; ++i) length = length << 8 | box[i];
    }
    if (std::memcmp(box + 4, "moov", 4) == 0) return false;
    if (length < 8 || length > size - offset) return true;
    offset += length;
  }
  return true;
}

Error not_media(const fs::path& path, int code) {
  std::error_code ignored;
  if (lacks_mp4_index(path)) {
    return Error(path.string() + ": cannot be read: its index is missing, the file was cut off",
                 "copy or download it again; an interrupted recording needs a repair tool for MP4 files");
  }
  if (code == AVERROR_INVALIDDATA || code == AVERROR(EINVAL)) {
    return Error(path.string() + ": is not a video or picture FFmpeg can read");
  }
  return Error(path.string() + ": cannot be read: " + error_text(code));
}

}  // namespace

bool is_cover(const AVStream& stream) {
  return (stream.disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) != 0;
}

void check_readable(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (status.type() == fs::file_type::not_found) throw Error(path.string() + ": no such file");
  if (failure) throw Error(path.string() + ": cannot be opened: " + failure.message());
  if (fs::is_directory(status)) throw Error(path.string() + ": is a folder");
  if (!fs::is_regular_file(status)) throw Error(path.string() + ": is not a regular file");
  if (::access(path.c_str(), R_OK) != 0) {
    throw Error(path.string() + ": cannot be opened: " + std::strerror(errno));
  }
  if (fs::file_size(path, failure) == 0) throw Error(path.string() + ": is empty");
}

Input::Input(const fs::path& path) : path_(path) {
  prepare_ffmpeg_logging();
  check_readable(path);
  if (picture_format(path) != PictureFormat::kNone) {
    throw Error(path.string() + ": is a picture, not a video");
  }
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) throw Error("out of memory for " + path.string());
  context->interrupt_callback = {interrupt_requested, nullptr};
  DictionaryPtr options;
  AVDictionary* raw_options = nullptr;
  av_dict_set(&raw_options, "protocol_whitelist", "file", 0);
  const int opened = avformat_open_input(&context, ("file:" + path.string()).c_str(), nullptr, &raw_options);
  options.reset(raw_options);
  if (opened >= 0) context_.reset(context);
  throw_if_interrupted();
  if (opened < 0) throw not_media(path, opened);
  if (std::ranges::find(kNotMedia, std::string_view(context->iformat->name)) != kNotMedia.end()) {
    throw not_media(path, AVERROR_INVALIDDATA);
  }
  const int found = avformat_find_stream_info(context, nullptr);
  throw_if_interrupted();
  if (found < 0 || context->nb_streams == 0) throw not_media(path, found < 0 ? found : AVERROR_INVALIDDATA);
  may_jump_ = (context->iformat->flags & AVFMT_TS_DISCONT) != 0;
  selected_.assign(context->nb_streams, true);
  last_dts_.assign(context->nb_streams, AV_NOPTS_VALUE);
}

int Input::video_stream() const {
  const int best = av_find_best_stream(context_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best >= 0 && !is_cover(stream(best))) return best;
  for (int i = 0; i < stream_count(); ++i) {
    if (stream(i).codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_cover(stream(i))) return i;
  }
  return -1;
}

void Input::select(const std::vector<int>& streams) {
  selected_.assign(context_->nb_streams, false);
  for (const int index : streams) selected_[index] = true;
  // Where times may jump, every reader must see the packets of all streams to find the same corrections.
  if (may_jump_) return;
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    context_->streams[i]->discard = selected_[i] ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
}

bool Input::read(AVPacket& packet) {
  while (true) {
    av_packet_unref(&packet);
    throw_if_interrupted();
    const int result = av_read_frame(context_.get(), &packet);
    throw_if_interrupted();
    if (result == AVERROR(EAGAIN)) continue;
    if (result < 0) {
      if (result != AVERROR_EOF) read_error_ = error_text(result);
      return false;
    }
    // Streams that appear later in the file (broadcasts do that) are not taken along.
    if (packet.stream_index >= static_cast<int>(selected_.size())) continue;
    if (may_jump_) close_time_jumps(packet);
    if (selected_[packet.stream_index]) return true;
  }
}

// Broadcast recordings restart their clock where programmes were cut together. A step of more than ten
// seconds ahead or one second back is taken for such a restart, and all later times of the file are shifted
// so that the stream goes on.
void Input::close_time_jumps(AVPacket& packet) {
  constexpr int64_t kAheadUs = 10'000'000;
  constexpr int64_t kBackUs = -1'000'000;
  const AVStream& from = stream(packet.stream_index);
  const AVMediaType type = from.codecpar->codec_type;
  if (packet.dts != AV_NOPTS_VALUE && (type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO)) {
    int64_t& last = last_dts_[packet.stream_index];
    const int64_t dts_us = av_rescale_q(packet.dts, from.time_base, AV_TIME_BASE_Q) + correction_us_;
    const int64_t step_us = last == AV_NOPTS_VALUE ? 0 : dts_us - last;
    if (step_us > kAheadUs || step_us < kBackUs) {
      correction_us_ += av_rescale_q(packet.duration, from.time_base, AV_TIME_BASE_Q) - step_us;
    }
    last = av_rescale_q(packet.dts, from.time_base, AV_TIME_BASE_Q) + correction_us_;
  }
  const int64_t shift = av_rescale_q(correction_us_, AV_TIME_BASE_Q, from.time_base);
  if (packet.dts != AV_NOPTS_VALUE) packet.dts += shift;
  if (packet.pts != AV_NOPTS_VALUE) packet.pts += shift;
}

}  // namespace toonmirror::media
