#include "media/stream_copier.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/error.h"
#include "media/tags.h"

namespace toonmirror::media {

namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

StreamCopier::StreamCopier(Input source, const Container& container, bool stripped, AVStream& video,
                           Muxer& muxer, std::vector<std::string>& notices)
    : source_(std::move(source)),
      container_(container),
      stripped_(stripped),
      muxer_(muxer),
      notices_(notices) {
  const int main_video = source_.video_stream();
  if (!stripped_) copy_file_tags(source_.context(), muxer_.context());
  if (main_video >= 0) copy_stream_tags(source_.stream(main_video), video, stripped_);
  for (int i = 0; i < source_.stream_count(); ++i) {
    if (i != main_video) add_track(i);
  }
  std::vector<int> sources;
  for (const Track& track : tracks_) sources.push_back(track.source);
  source_.select(sources);
  read_heads();
}

std::string StreamCopier::label(int index) const {
  const AVMediaType type = source_.stream(index).codecpar->codec_type;
  int number = 0;
  for (int i = 0; i <= index; ++i) number += source_.stream(i).codecpar->codec_type == type ? 1 : 0;
  const std::string ordinal = " " + std::to_string(number);
  switch (type) {
    case AVMEDIA_TYPE_AUDIO:
      return "sound track" + ordinal;
    case AVMEDIA_TYPE_SUBTITLE:
      return "subtitle track" + ordinal;
    case AVMEDIA_TYPE_VIDEO:
      return is_cover(source_.stream(index)) ? "cover picture" : "video stream" + ordinal;
    case AVMEDIA_TYPE_ATTACHMENT:
      return "attachment" + ordinal;
    default:
      return "data stream" + ordinal;
  }
}

void StreamCopier::leave_out(int index, const std::string& why) {
  notices_.push_back(label(index) + " left out: " + why);
}

void StreamCopier::add_track(int index) {
  const AVStream& stream = source_.stream(index);
  const AVCodecID codec = stream.codecpar->codec_id;
  const std::string cannot = container_.name + " cannot hold " + avcodec_get_name(codec);
  Track track;
  track.source = index;
  switch (stream.codecpar->codec_type) {
    case AVMEDIA_TYPE_AUDIO:
      track.is_sound = true;
      if (stream.codecpar->sample_rate <= 0 || stream.codecpar->ch_layout.nb_channels <= 0) {
        return leave_out(index, std::string("it cannot be read (") + avcodec_get_name(codec) + ")");
      }
      if (can_hold(container_, codec)) return add_copied(index, std::move(track));
      if (!add_converted(index, track)) return;
      notices_.push_back(label(index) + " re-encoded to " + upper(avcodec_get_name(container_.audio)) + ": " +
                         cannot);
      break;
    case AVMEDIA_TYPE_SUBTITLE:
      if (can_hold(container_, codec)) return add_copied(index, std::move(track));
      if (container_.subtitle == AV_CODEC_ID_NONE || !is_text_subtitle(codec))
        return leave_out(index, cannot);
      if (!add_converted(index, track)) return;
      notices_.push_back(label(index) + " converted to " + avcodec_get_name(container_.subtitle) + ": " +
                         cannot);
      break;
    case AVMEDIA_TYPE_VIDEO:
      if (!is_cover(stream)) return leave_out(index, "only the first video stream is converted");
      if (container_.holds_cover && can_hold(container_, codec)) return add_copied(index, std::move(track));
      return leave_out(index, container_.name + " files are written without one");
    case AVMEDIA_TYPE_ATTACHMENT:
      if (container_.holds_attachments) return add_copied(index, std::move(track));
      return leave_out(index, container_.name + " cannot hold attachments");
    default:
      // QuickTime keeps its chapter titles in a track, which is made anew from the chapters.
      if (source_.context().nb_chapters > 0 && codec == AV_CODEC_ID_BIN_DATA) return;
      // Times of tape are a tag of the video as well, of which muxers make the track anew.
      if (source_.stream(index).codecpar->codec_tag == MKTAG('t', 'm', 'c', 'd')) return;
      return leave_out(
          index, std::string("only sound and subtitles are taken along (") + avcodec_get_name(codec) + ")");
  }
}

AVStream& StreamCopier::new_stream(int index) {
  AVStream& output = muxer_.add_stream(source_.stream(index).time_base);
  copy_stream_tags(source_.stream(index), output, stripped_);
  return output;
}

void StreamCopier::add_copied(int index, Track track) {
  const AVStream& from = source_.stream(index);
  AVStream& to = new_stream(index);
  check(avcodec_parameters_copy(to.codecpar, from.codecpar), label(index));
  // The number by which the other container knew the codec; the muxer finds its own.
  to.codecpar->codec_tag = 0;
  to.sample_aspect_ratio = from.sample_aspect_ratio;
  track.output = to.index;
  tracks_.push_back(std::move(track));
}

bool StreamCopier::add_converted(int index, Track& track) {
  try {
    const AVStream& from = source_.stream(index);
    const AVCodecContext* encoder = nullptr;
    if (track.is_sound) {
      const bool global_header = (container_.format->flags & AVFMT_GLOBALHEADER) != 0;
      track.sound = std::make_unique<AudioTranscoder>(from, container_.audio, global_header);
      encoder = &track.sound->encoder();
    } else {
      track.subtitle = std::make_unique<SubtitleTranscoder>(from, container_.subtitle);
      encoder = &track.subtitle->encoder();
    }
    AVStream& to = new_stream(index);
    check(avcodec_parameters_from_context(to.codecpar, encoder), label(index));
    to.time_base = encoder->time_base;
    track.output = to.index;
  } catch (const Error& error) {
    leave_out(index, error.what());
    return false;
  }
  tracks_.push_back(std::move(track));
  return true;
}

// Reads until every sound track has shown its first packet, which tells where it begins.
void StreamCopier::read_heads() {
  constexpr size_t kEnough = 500;  // a track that has not begun by then begins late
  auto missing = std::ranges::count_if(tracks_, &Track::is_sound);
  std::vector<bool> seen(source_.stream_count(), false);
  while (missing > 0 && waiting_.size() < kEnough) {
    PacketPtr packet = make_packet();
    if (!source_.read(*packet)) break;
    const Track* track = track_of(packet->stream_index);
    if (track != nullptr && track->is_sound && !seen[packet->stream_index]) {
      seen[packet->stream_index] = true;
      --missing;
    }
    waiting_.push_back(std::move(packet));
  }
}

std::optional<int64_t> StreamCopier::sound_start_us() const {
  std::optional<int64_t> earliest;
  for (const Track& track : tracks_) {
    const AVStream& stream = source_.stream(track.source);
    if (!track.is_sound || stream.start_time == AV_NOPTS_VALUE) continue;
    const int64_t start = av_rescale_q(stream.start_time, stream.time_base, AV_TIME_BASE_Q);
    if (!earliest || start < *earliest) earliest = start;
  }
  return earliest;
}

void StreamCopier::set_origin(int64_t origin_us) {
  origin_us_ = origin_us;
  copy_chapters(source_.context(), muxer_.context(), origin_us);
}

void StreamCopier::copy_until(int64_t until_us) {
  while (true) {
    PacketPtr packet = next_packet();
    if (!packet) return;
    const std::optional<int64_t> time = output_time_us(*packet);
    if (time && *time > until_us) {
      waiting_.push_front(std::move(packet));
      return;
    }
    process(*packet);
  }
}

void StreamCopier::finish() {
  while (PacketPtr packet = next_packet()) process(*packet);
  for (const Track& track : tracks_) {
    if (!track.sound) continue;
    track.sound->finish([&](AVPacket& packet) { write_out(track, packet, track.sound->time_base()); });
  }
  if (damaged_packets_ > 0) {
    notices_.push_back(std::to_string(damaged_packets_) + " damaged packets of sound or subtitles left out");
  }
}

PacketPtr StreamCopier::next_packet() {
  PacketPtr packet;
  if (!waiting_.empty()) {
    packet = std::move(waiting_.front());
    waiting_.pop_front();
    return packet;
  }
  if (tracks_.empty()) return packet;
  packet = make_packet();
  if (!source_.read(*packet)) packet.reset();
  return packet;
}

StreamCopier::Track* StreamCopier::track_of(int source_index) {
  const auto found = std::ranges::find(tracks_, source_index, &Track::source);
  return found == tracks_.end() ? nullptr : &*found;
}

std::optional<int64_t> StreamCopier::output_time_us(const AVPacket& packet) const {
  const int64_t time = packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
  if (time == AV_NOPTS_VALUE) return std::nullopt;
  return av_rescale_q(time, source_.stream(packet.stream_index).time_base, AV_TIME_BASE_Q) - origin_us_;
}

// Sound before the start that an edit list hides: the encoder's priming stays, a cut-away beginning goes.
bool StreamCopier::is_hidden_lead(const AVPacket& packet) const {
  constexpr int64_t kLongestPrimingUs = -50'000;  // 2112 samples in Apple's encoder
  if ((packet.flags & AV_PKT_FLAG_DISCARD) == 0) return false;
  const std::optional<int64_t> time = output_time_us(packet);
  return time && *time < kLongestPrimingUs;
}

void StreamCopier::process(AVPacket& packet) {
  Track* track = track_of(packet.stream_index);
  if (track == nullptr) return;
  const AVRational source_base = source_.stream(track->source).time_base;
  const int64_t shift = av_rescale_q(origin_us_, AV_TIME_BASE_Q, source_base);
  const bool hidden = is_hidden_lead(packet);
  if (packet.dts != AV_NOPTS_VALUE) packet.dts -= shift;
  if (packet.pts != AV_NOPTS_VALUE) packet.pts -= shift;
  if (track->sound) {
    track->sound->push(packet, [&](AVPacket& out) { write_out(*track, out, track->sound->time_base()); });
  } else if (track->subtitle) {
    PacketPtr out = make_packet();
    if (track->subtitle->convert(packet, *out) && out->pts + out->duration > 0) {
      write_out(*track, *out, track->subtitle->time_base());
    }
  } else if (!hidden) {
    write_copied(*track, packet);
  }
}

void StreamCopier::write_copied(Track& track, AVPacket& packet) {
  const AVStream& from = source_.stream(track.source);
  const AVRational source_base = from.time_base;
  AVRational time_base = source_base;
  const int rate = from.codecpar->sample_rate;
  const int samples = track.is_sound ? av_get_audio_frame_duration2(from.codecpar, packet.size) : 0;
  if (packet.dts == AV_NOPTS_VALUE) packet.dts = packet.pts;
  if (samples > 0 && packet.dts != AV_NOPTS_VALUE) {
    // Counting samples undoes the rounding of containers with a coarse clock.
    const AVRational output_base = muxer_.context().streams[track.output]->time_base;
    packet.dts = packet.pts =
        av_rescale_delta(time_base, packet.dts, {1, rate}, samples, &track.rescale_state, output_base);
    // A last packet may be shown in part: then the container states less than a packet holds.
    const int64_t nominal = av_rescale_q(samples, {1, rate}, source_base);
    const bool shortened = packet.duration > 0 && packet.duration + 1 < nominal;
    packet.duration = shortened ? av_rescale_q(packet.duration, source_base, output_base)
                                : av_rescale_q(samples, {1, rate}, output_base);
    time_base = output_base;
  }
  if (!track.is_sound && packet.pts != AV_NOPTS_VALUE && packet.pts < 0) {
    if (packet.pts + packet.duration <= 0) return;
    packet.duration += packet.pts;
    packet.pts = packet.dts = 0;
  }
  write_out(track, packet, time_base);
}

// What a sound encoder needs before the first audible sample has negative times. MP4 hides it by an edit
// list, and Opus in Matroska by the codec's stated delay, which counts from the stored time; elsewhere it
// would move all streams.
bool StreamCopier::fit_start(const Track& track, AVPacket& packet, AVRational time_base) const {
  if (!track.is_sound || container_.negative_times || packet.pts == AV_NOPTS_VALUE) return true;
  const AVCodecParameters& codec = *muxer_.context().streams[track.output]->codecpar;
  if (codec.codec_id == AV_CODEC_ID_OPUS && std::string_view(container_.format->name) != "mpegts") {
    const int64_t delay = av_rescale_q(codec.initial_padding, {1, codec.sample_rate}, time_base);
    packet.pts += delay;
    packet.dts += delay;
  }
  if (packet.pts >= 0) return true;
  if (packet.pts + packet.duration <= 0) return false;
  packet.pts = packet.dts = 0;
  return true;
}

void StreamCopier::write_out(const Track& track, AVPacket& packet, AVRational time_base) {
  if (!fit_start(track, packet, time_base)) return;
  packet.stream_index = track.output;
  if (!muxer_.write(packet, time_base)) ++damaged_packets_;
}

}  // namespace toonmirror::media
