// Everything of the source but its pictures: sound, subtitles, chapters, cover pictures, attachments and
// tags.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/audio_transcoder.h"
#include "media/container.h"
#include "media/ffmpeg.h"
#include "media/input.h"
#include "media/muxer.h"
#include "media/subtitle_transcoder.h"

namespace toonmirror::media {

// Copies packets bit for bit where the container holds their codec, converts them where it does not and a
// conversion exists, and leaves the rest out; adds a notice for each of the latter two.
class StreamCopier {
 public:
  // Opens the source a second time and adds its streams, chapters and tags to `muxer`, before its begin().
  // The video stream is the caller's, but its tags are copied to `video`. `stripped`: of all tags languages are
  // kept alone. `notices` and `muxer` must outlive the copier.
  StreamCopier(Input source, const Container& container, bool stripped, AVStream& video, Muxer& muxer,
               std::vector<std::string>& notices);

  // The first time of any copied sound, in microseconds of the source's clock; nullopt without sound.
  std::optional<int64_t> sound_start_us() const;

  // All times are reduced by this. Call once, before Muxer::begin().
  void set_origin(int64_t origin_us);

  // Writes what comes before `until_us` (output clock).
  void copy_until(int64_t until_us);
  // Writes all the rest.
  void finish();

 private:
  struct Track {
    int source = 0;  // stream indices
    int output = 0;
    bool is_sound = false;
    std::unique_ptr<AudioTranscoder> sound;
    std::unique_ptr<SubtitleTranscoder> subtitle;
    int64_t rescale_state = AV_NOPTS_VALUE;  // of av_rescale_delta
  };

  void add_track(int index);
  void add_copied(int index, Track track);
  bool add_converted(int index, Track& track);
  AVStream& new_stream(int index);
  void leave_out(int index, const std::string& why);
  std::string label(int index) const;
  void read_heads();
  PacketPtr next_packet();
  std::optional<int64_t> output_time_us(const AVPacket& packet) const;
  bool is_hidden_lead(const AVPacket& packet) const;
  void process(AVPacket& packet);
  void write_copied(Track& track, AVPacket& packet);
  bool fit_start(const Track& track, AVPacket& packet, AVRational time_base) const;
  void write_out(const Track& track, AVPacket& packet, AVRational time_base);
  Track* track_of(int source_index);

  Input source_;
  Container container_;
  bool stripped_;
  Muxer& muxer_;
  std::vector<std::string>& notices_;
  std::vector<Track> tracks_;
  std::deque<PacketPtr> waiting_;  // read, not yet written
  int64_t origin_us_ = 0;
  int64_t damaged_packets_ = 0;
};

}  // namespace toonmirror::media
