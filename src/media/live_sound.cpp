#include "media/live_sound.h"

extern "C" {
#include <libavdevice/avdevice.h>
}

#include <deque>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace toonmirror::media {
namespace {

using Clock = std::chrono::steady_clock;

InputContextPtr open_device(const std::string& format_name, const std::string& device) {
  const AVInputFormat* format = av_find_input_format(format_name.c_str());
  if (format == nullptr) throw Error("microphone: this FFmpeg knows no devices of the kind " + format_name);
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) throw Error("out of memory for the microphone");
  context->flags |= AVFMT_FLAG_NONBLOCK;
  const int opened = avformat_open_input(&context, device.c_str(), format, nullptr);
  if (opened < 0) {
    throw Error("microphone " + format_name + ":" + device + ": " + error_text(opened),
                "'pactl list short sources' and 'arecord -l' list what there is; --microphone none records "
                "without sound");
  }
  return InputContextPtr(context);
}

InputContextPtr open_source(const std::string& source) {
  prepare_ffmpeg_logging();
  avdevice_register_all();
  if (source == "default") {
    try {
      return open_device("pulse", "default");
    } catch (const Error&) {
      return open_device("alsa", "default");
    }
  }
  const size_t colon = source.find(':');
  if (colon == std::string::npos) {
    throw Error("microphone " + source + ": not of the form FORMAT:DEVICE",
                "for example alsa:hw:1, or default");
  }
  return open_device(source.substr(0, colon), source.substr(colon + 1));
}

}  // namespace

struct LiveSound::Impl {
  explicit Impl(const std::string& source) : context(open_source(source)) {
    index = av_find_best_stream(context.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (index < 0) throw Error("microphone " + source + ": gives no sound");
    thread = std::jthread([this](const std::stop_token& stop) { listen(stop); });
  }

  void listen(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      PacketPtr packet = make_packet();
      const int got = av_read_frame(context.get(), packet.get());
      if (got == AVERROR(EAGAIN)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      if (got < 0) return;  // unplugged: the recording goes on without
      if (packet->stream_index != index) continue;
      const auto lasted = std::chrono::microseconds(
          av_rescale_q(packet->duration, context->streams[index]->time_base, AV_TIME_BASE_Q));
      const std::lock_guard lock(mutex);
      heard.push_back({std::move(packet), Clock::now() - lasted});
      while (Clock::now() - heard.front().begin > std::chrono::minutes(1)) heard.pop_front();
    }
  }

  InputContextPtr context;
  int index = -1;
  std::mutex mutex;
  std::deque<SoundPacket> heard;
  std::jthread thread;  // last: it ends first
};

LiveSound::LiveSound(const std::string& source) : impl_(std::make_unique<Impl>(source)) {}
LiveSound::~LiveSound() = default;

const AVStream& LiveSound::stream() const { return *impl_->context->streams[impl_->index]; }

std::vector<SoundPacket> LiveSound::take() {
  const std::lock_guard lock(impl_->mutex);
  std::vector<SoundPacket> taken(std::make_move_iterator(impl_->heard.begin()),
                                 std::make_move_iterator(impl_->heard.end()));
  impl_->heard.clear();
  return taken;
}

}  // namespace toonmirror::media
