// Re-encoding a sound track that the output container cannot hold as it is.
#pragma once

#include <functional>

#include "media/ffmpeg.h"

namespace toonmirror::media {

// Decodes packets of one sound track and encodes them again: same channels and sample rate where the target
// codec has them, 96 kbit/s per channel (Opus 64). Gaps become silence, so that the sound stays in step with
// the pictures.
class AudioTranscoder {
 public:
  using Sink = std::function<void(AVPacket& packet)>;  // times in time_base()

  // Throws Error when the track cannot be decoded, or this FFmpeg lacks the encoder.
  AudioTranscoder(const AVStream& source, AVCodecID target, bool global_header);

  const AVCodecContext& encoder() const { return *encoder_; }
  AVRational time_base() const { return encoder_->time_base; }

  // `packet` has times in the source stream's time base. Damaged packets are skipped.
  void push(const AVPacket& packet, const Sink& sink);
  // Encodes what is still held back.
  void finish(const Sink& sink);

 private:
  void take_decoded(const Sink& sink);
  void resample(const AVFrame* decoded);
  void prepare_resampler(const AVFrame& decoded);
  void fill_gap(const AVFrame& decoded);
  void encode_waiting(int at_least, const Sink& sink);
  void encode(const AVFrame* frame, const Sink& sink);

  AVRational source_time_base_;
  CodecContextPtr decoder_, encoder_;
  SwrContextPtr resampler_;
  int input_rate_ = 0, input_format_ = -1, input_channels_ = 0;
  AudioFifoPtr fifo_;
  FramePtr decoded_;
  PacketPtr encoded_;
  int64_t next_pts_ = AV_NOPTS_VALUE;      // of the first sample in fifo_, in samples at the encoder's rate
  int64_t expected_pts_ = AV_NOPTS_VALUE;  // of the next decoded sample, likewise
};

}  // namespace toonmirror::media
