#include "media/video_reader.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <set>

#include "base/error.h"
#include "media/convert_picture.h"
#include "media/describe_video.h"
#include "media/input.h"
#include "media/upright_picture.h"

namespace toonmirror::media {

namespace {

constexpr int64_t kUnknown = AV_NOPTS_VALUE;

CodecContextPtr open_decoder(const Input& input, const AVStream& stream, int threads) {
  const std::string file = input.path().string();
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  if (codec == nullptr) {
    throw Error(file + ": no decoder for its video codec " + avcodec_get_name(stream.codecpar->codec_id));
  }
  CodecContextPtr decoder(avcodec_alloc_context3(codec));
  if (!decoder) throw Error("out of memory for the decoder of " + file);
  check(avcodec_parameters_to_context(decoder.get(), stream.codecpar), file + ": cannot be decoded");
  decoder->pkt_timebase = stream.time_base;
  decoder->thread_count = threads;
  // A concealed picture is better than a missing one: the count of frames is kept.
  decoder->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  check(avcodec_open2(decoder.get(), codec, nullptr), file + ": cannot be decoded");
  return decoder;
}

}  // namespace

struct VideoReader::Impl {
  // A decoded picture and its time, before it becomes RGB.
  struct Shown {
    std::shared_ptr<const AVFrame> picture;
    int64_t pts = 0;
    int64_t duration = 0;
  };

  Impl(const std::filesystem::path& path, const VideoReaderOptions& options)
      : input(path), packet(make_packet()), decoded(make_frame()), pictures(Orientation{}) {
    stream_index = input.video_stream();
    if (stream_index < 0) throw no_video_stream(input);
    const AVStream& stream = input.stream(stream_index);
    pictures = UprightPictures(stream_orientation(stream));
    decoder = open_decoder(input, stream, options.threads);
    input.select({stream_index});
    info = describe_container(input, stream_index);
    if (!advance()) {
      throw Error(path.string() + ": no picture in it can be decoded", "the file is damaged or cut off");
    }
    info.first_pts = ready.front().pts;
    describe_picture(input, stream_index, *ready.front().picture, info);
    if (options.square_pixels) make_square();
  }

  void make_square() {
    const SquareStretch stretch(info.sample_aspect);
    info.width = stretch.width(info.width);
    info.height = stretch.height(info.height);
    info.sample_aspect = {1, 1};
  }

  void warn(const std::string& what, double seconds) {
    if (++warnings.count > 1) return;
    char time[32];
    std::snprintf(time, sizeof(time), "%.2f s", seconds);
    warnings.first = input.path().string() + ": " + what + " at " + time;
  }

  double seconds(int64_t pts) const {
    return static_cast<double>(pts - info.first_pts) * info.time_base.value();
  }

  // Decodes until at least one picture waits in `ready`; false at the end of the video.
  bool advance() {
    while (ready.empty()) {
      const int result = avcodec_receive_frame(decoder.get(), decoded.get());
      if (result == 0) {
        take_decoded();
      } else if (result == AVERROR(EAGAIN)) {
        feed();
      } else if (result == AVERROR_EOF) {
        return finish_decoding();
      } else {
        note_undecodable();
      }
    }
    return true;
  }

  void feed() {
    if (!input.read(*packet)) {
      avcodec_send_packet(decoder.get(), nullptr);
      return;
    }
    if (packet->pts != kUnknown && (packet->flags & AV_PKT_FLAG_DISCARD) == 0) awaited.insert(packet->pts);
    const int result = avcodec_send_packet(decoder.get(), packet.get());
    if (result == AVERROR(ENOMEM)) throw Error("out of memory for decoding " + input.path().string());
    if (result < 0 && result != AVERROR_EOF) note_undecodable();
  }

  void note_undecodable() {
    ++undecodable;
    warn("a picture that cannot be decoded", last ? seconds(last->pts) : 0.0);
  }

  void take_decoded() {
    Shown shown;
    shown.duration = decoded->pkt_duration > 0 ? decoded->pkt_duration : nominal_duration();
    shown.pts = decoded->best_effort_timestamp;
    if (shown.pts == kUnknown) shown.pts = last ? last->pts + std::max<int64_t>(1, shown.duration) : 0;
    repeat_for_lost(shown.pts);
    if (last && shown.pts <= last->pts) {
      warn("time stamps out of order", seconds(last->pts));
      shown.pts = last->pts + 1;
    }
    if (decoded->decode_error_flags != 0 || (decoded->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
      warn("a damaged picture", seconds(shown.pts));
    }
    shown.picture =
        std::shared_ptr<const AVFrame>(pictures.upright(*decoded).release(),
                                       [](const AVFrame* frame) { FramePtr(const_cast<AVFrame*>(frame)); });
    last = shown;
    ready.push_back(std::move(shown));
  }

  // Packets that were fed but brought no picture, although the next one in time is there: where the decoder
  // reported errors, those pictures are lost, and the one before is shown in their place.
  void repeat_for_lost(int64_t until_pts) {
    while (!awaited.empty() && *awaited.begin() < until_pts) {
      const int64_t pts = *awaited.begin();
      awaited.erase(awaited.begin());
      if (undecodable == 0 || !last || pts <= last->pts) continue;
      --undecodable;
      last->pts = pts;
      ready.push_back(*last);
    }
    if (!awaited.empty() && *awaited.begin() == until_pts) awaited.erase(awaited.begin());
  }

  int64_t nominal_duration() const {
    if (info.frame_rate.den == 0 || info.frame_rate.num == 0) return 0;
    return av_rescale_q(1, {info.frame_rate.den, info.frame_rate.num}, to_av(info.time_base));
  }

  bool finish_decoding() {
    repeat_for_lost(INT64_MAX);
    if (!ready.empty()) return true;
    if (!ended) tell_early_end();
    ended = true;
    return false;
  }

  void tell_early_end() {
    const AVStream& stream = input.stream(stream_index);
    if (!input.read_error().empty())
      warn("reading failed (" + input.read_error() + ")", last ? seconds(last->pts) : 0);
    if (!last || stream.duration == kUnknown || input.may_jump()) return;
    const double end_s = seconds(last->pts + last->duration);
    const double promised_s = static_cast<double>(stream.duration) * av_q2d(stream.time_base);
    constexpr double kToleranceSeconds =
        0.25;  // containers round, and some state the duration of the longest track
    if (end_s < promised_s - kToleranceSeconds) {
      char text[96];
      std::snprintf(text, sizeof(text), ": is cut off: it ends at %.2f s of %.2f s", end_s, promised_s);
      ++warnings.count;
      warnings.first = input.path().string() + text;  // says more than the errors it caused
    }
  }

  bool read(Frame& frame) {
    if (!advance()) return false;
    const Shown shown = std::move(ready.front());
    ready.pop_front();
    frame.width = info.width;
    frame.height = info.height;
    rgb_converter.to_rgb(*shown.picture, frame.width, frame.height, frame.rgb);
    const bool stretched = shown.picture->width != frame.width || shown.picture->height != frame.height;
    frame.decoded_rgb = stretched ? nullptr : std::make_shared<const std::vector<uint8_t>>(frame.rgb);
    frame.picture = stretched ? nullptr : shown.picture;
    frame.pts = shown.pts;
    frame.duration = shown.duration;
    frame.time_base = info.time_base;
    frame.index = next_index++;
    return true;
  }

  Input input;
  int stream_index = -1;
  CodecContextPtr decoder;
  PacketPtr packet;
  FramePtr decoded;
  UprightPictures pictures;
  PictureConverter rgb_converter;
  VideoInfo info;
  ReadWarnings warnings;
  std::set<int64_t> awaited;  // pts of packets in the decoder whose pictures have not come out
  int64_t undecodable = 0;    // errors not yet matched with a lost picture
  std::deque<Shown> ready;
  std::optional<Shown> last;
  int64_t next_index = 0;
  bool ended = false;
};

std::string ReadWarnings::summary() const {
  return count > 1 ? first + " (and " + std::to_string(count - 1) + " more)" : first;
}

VideoReader::VideoReader(const std::filesystem::path& path, const VideoReaderOptions& options)
    : impl_(std::make_unique<Impl>(path, options)) {}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

const VideoInfo& VideoReader::info() const { return impl_->info; }
bool VideoReader::read(Frame& frame) { return impl_->read(frame); }
const ReadWarnings& VideoReader::warnings() const { return impl_->warnings; }

}  // namespace toonmirror::media
