#include "media/stream_input.h"

extern "C" {
#include <libavdevice/avdevice.h>
}

#include <cerrno>
#include <cmath>
#include <thread>

#include "base/error.h"
#include "media/cameras.h"
#include "media/convert_picture.h"
#include "media/ffmpeg.h"

namespace toonmirror::media {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kNetworkTimeout_us = 5'000'000;

int is_cancelled(void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; }

class StreamInput : public LiveInput {
 public:
  // `name` is said in messages. Takes what it needs of `settings`.
  StreamInput(std::string name, const std::string& url, const AVInputFormat* format, DictionaryPtr settings,
              const std::atomic<bool>& cancelled)
      : name_(std::move(name)),
        is_camera_(format != nullptr),
        packet_(make_packet()),
        picture_(make_frame()) {
    prepare_ffmpeg_logging();
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) throw Error("out of memory for " + name_);
    context->interrupt_callback = {is_cancelled, const_cast<std::atomic<bool>*>(&cancelled)};
    if (format != nullptr) context->flags |= AVFMT_FLAG_NONBLOCK;
    AVDictionary* options = settings.release();
    // Frees the context where it fails.
    const int opened = avformat_open_input(&context, url.c_str(), format, &options);
    const DictionaryPtr left(options);
    if (opened < 0) throw failure(opened);
    context_.reset(context);
    if (format == nullptr) check(avformat_find_stream_info(context, nullptr), name_);
    const AVCodec* codec = nullptr;
    stream_ = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (stream_ < 0 || codec == nullptr) throw Error(name_ + ": no pictures in it that can be decoded");
    for (unsigned i = 0; i < context->nb_streams; ++i) {
      if (static_cast<int>(i) != stream_) context->streams[i]->discard = AVDISCARD_ALL;
    }
    decoder_.reset(avcodec_alloc_context3(codec));
    if (!decoder_) throw Error("out of memory for the decoder of " + name_);
    check(avcodec_parameters_to_context(decoder_.get(), context->streams[stream_]->codecpar), name_);
    // Threads of the decoder would each hold a picture back.
    decoder_->thread_count = 1;
    decoder_->flags |= AV_CODEC_FLAG_LOW_DELAY;
    check(avcodec_open2(decoder_.get(), codec, nullptr), name_ + ": cannot be decoded");
  }

  bool read(LiveFrame& frame) override {
    const auto begin = Clock::now();
    while (Clock::now() - begin < std::chrono::milliseconds(100)) {
      const int received = avcodec_receive_frame(decoder_.get(), picture_.get());
      if (received == 0) {
        frame.captured = arrived_;
        frame.width = picture_->width;
        frame.height = picture_->height;
        converter_.to_rgb(*picture_, frame.rgb);
        return true;
      }
      if (received != AVERROR(EAGAIN)) throw failure(received);
      const int got = av_read_frame(context_.get(), packet_.get());
      if (got == AVERROR(EAGAIN)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      if (got < 0) throw failure(got);
      arrived_ = Clock::now();
      // A damaged packet costs a picture, not the stream.
      if (packet_->stream_index == stream_) avcodec_send_packet(decoder_.get(), packet_.get());
      av_packet_unref(packet_.get());
    }
    return false;
  }

  std::string describe() const override {
    const AVStream& stream = *context_->streams[stream_];
    std::string text = name_ + ", " + std::to_string(decoder_->width) + "x" +
                       std::to_string(decoder_->height) + " " + avcodec_get_name(decoder_->codec_id);
    const double rate = from_av(stream.avg_frame_rate).value();
    if (rate > 0) text += ", " + std::to_string(std::lround(rate)) + " fps";
    return text;
  }

 private:
  Error failure(int code) const {
    if (code == AVERROR_EOF) return Error(name_ + ": has ended");
    if (code == AVERROR(EBUSY)) {
      return Error(name_ + ": another program uses it", "close that program; 'fuser /dev/video*' names it");
    }
    if (is_camera_ && (code == AVERROR(ENODEV) || code == AVERROR(EIO))) {
      return Error(name_ + ": was unplugged, or does not answer", "plug it in again");
    }
    return Error(name_ + ": " + error_text(code),
                 is_camera_ ? "" : "is the address right, and does it play elsewhere?");
  }

  std::string name_;
  bool is_camera_;
  InputContextPtr context_;
  CodecContextPtr decoder_;
  PacketPtr packet_;
  FramePtr picture_;
  PictureConverter converter_;
  int stream_ = -1;
  Clock::time_point arrived_;
};

void set(DictionaryPtr& dictionary, const char* key, const std::string& value) {
  AVDictionary* raw = dictionary.release();
  av_dict_set(&raw, key, value.c_str(), 0);
  dictionary.reset(raw);
}

}  // namespace

std::unique_ptr<LiveInput> open_stream(const std::string& address, const std::atomic<bool>& cancelled) {
  static const int network = avformat_network_init();
  check(network, "network");
  const std::string protocol = address.substr(0, address.find("://"));
  if (protocol != "rtsp" && protocol != "rtsps" && protocol != "rtmp" && protocol != "http" &&
      protocol != "https" && protocol != "udp" && protocol != "tcp" && protocol != "srt") {
    throw Error(address + ": not an address of a stream",
                "rtsp://, rtmp://, http(s)://, udp://, tcp:// and srt:// are");
  }
  DictionaryPtr settings;
  set(settings, "fflags", "nobuffer");
  set(settings, "rw_timeout", std::to_string(kNetworkTimeout_us));
  if (protocol.starts_with("rtsp")) {
    set(settings, "timeout", std::to_string(kNetworkTimeout_us));
    set(settings, "rtsp_transport", "tcp");  // over a wireless network UDP loses pictures
  }
  return std::make_unique<StreamInput>(address, address, nullptr, std::move(settings), cancelled);
}

std::unique_ptr<LiveInput> open_camera(const LiveInputOptions& options, const std::atomic<bool>& cancelled) {
  static const bool registered = [] {
    avdevice_register_all();
    return true;
  }();
  static_cast<void>(registered);
  const AVInputFormat* format = av_find_input_format("video4linux2");
  if (format == nullptr) throw Error("this FFmpeg reads no cameras", "install Debian's libavdevice59");
  const Camera camera = find_camera(options.source);
  const CameraMode mode =
      choose_mode(camera.modes, options.width, options.height, options.rate, options.format);
  DictionaryPtr settings;
  if (!mode.format.empty()) set(settings, "input_format", mode.format);
  if (mode.width > 0)
    set(settings, "video_size", std::to_string(mode.width) + "x" + std::to_string(mode.height));
  const double rate = options.rate > 0 ? options.rate : mode.rate;
  if (rate > 0) set(settings, "framerate", std::to_string(rate));
  const std::string name = camera.name + " (" + camera.device.string() + ")";
  return std::make_unique<StreamInput>(name, camera.device.string(), format, std::move(settings), cancelled);
}

}  // namespace toonmirror::media
