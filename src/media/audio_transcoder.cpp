#include "media/audio_transcoder.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace toonmirror::media {

namespace {

const AVCodec& find_encoder(AVCodecID id) {
  const AVCodec* codec = nullptr;
  if (id == AV_CODEC_ID_OPUS) codec = avcodec_find_encoder_by_name("libopus");
  if (id == AV_CODEC_ID_MP3) codec = avcodec_find_encoder_by_name("libmp3lame");
  if (codec == nullptr) codec = avcodec_find_encoder(id);
  if (codec == nullptr)
    throw Error(std::string("this build of FFmpeg cannot encode ") + avcodec_get_name(id));
  return *codec;
}

int nearest_rate(const AVCodec& codec, int rate) {
  if (codec.supported_samplerates == nullptr) return rate;
  int best = codec.supported_samplerates[0];
  for (const int* candidate = codec.supported_samplerates; *candidate != 0; ++candidate) {
    const bool fits_better =
        *candidate >= rate ? best < rate || *candidate < best : best<rate&& * candidate> best;
    if (fits_better) best = *candidate;
  }
  return best;
}

}  // namespace

AudioTranscoder::AudioTranscoder(const AVStream& source, AVCodecID target, bool global_header)
    : source_time_base_(source.time_base), decoded_(make_frame()), encoded_(make_packet()) {
  const std::string name = avcodec_get_name(source.codecpar->codec_id);
  const AVCodec* codec = avcodec_find_decoder(source.codecpar->codec_id);
  if (codec == nullptr) throw Error("no decoder for " + name);
  decoder_.reset(avcodec_alloc_context3(codec));
  check(avcodec_parameters_to_context(decoder_.get(), source.codecpar), name + " cannot be decoded");
  decoder_->pkt_timebase = source.time_base;
  check(avcodec_open2(decoder_.get(), codec, nullptr), name + " cannot be decoded");
  const int channels = decoder_->ch_layout.nb_channels;
  if (channels <= 0 || decoder_->sample_rate <= 0)
    throw Error(name + " without a channel count or sample rate");

  const AVCodec& encoder = find_encoder(target);
  encoder_.reset(avcodec_alloc_context3(&encoder));
  const int highest_channels = target == AV_CODEC_ID_MP3 ? 2 : 8;
  av_channel_layout_default(&encoder_->ch_layout, std::min(channels, highest_channels));
  encoder_->sample_fmt = encoder.sample_fmts[0];
  encoder_->sample_rate = nearest_rate(encoder, decoder_->sample_rate);
  encoder_->time_base = {1, encoder_->sample_rate};
  encoder_->bit_rate =
      int64_t{encoder_->ch_layout.nb_channels} * (target == AV_CODEC_ID_OPUS ? 64'000 : 96'000);
  if (global_header) encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  check(avcodec_open2(encoder_.get(), &encoder, nullptr), name + " cannot be encoded as " + encoder.name);
  fifo_.reset(av_audio_fifo_alloc(encoder_->sample_fmt, encoder_->ch_layout.nb_channels, 1));
  if (!fifo_) throw Error("out of memory for re-encoding sound");
}

void AudioTranscoder::push(const AVPacket& packet, const Sink& sink) {
  if (avcodec_send_packet(decoder_.get(), &packet) < 0) return;
  take_decoded(sink);
}

void AudioTranscoder::finish(const Sink& sink) {
  avcodec_send_packet(decoder_.get(), nullptr);
  take_decoded(sink);
  if (resampler_) resample(nullptr);
  encode_waiting(1, sink);
  encode(nullptr, sink);
}

void AudioTranscoder::take_decoded(const Sink& sink) {
  while (avcodec_receive_frame(decoder_.get(), decoded_.get()) == 0) {
    prepare_resampler(*decoded_);
    fill_gap(*decoded_);
    resample(decoded_.get());
    encode_waiting(encoder_->frame_size > 0 ? encoder_->frame_size : 1, sink);
  }
}

// Broadcasts change between stereo and surround without notice.
void AudioTranscoder::prepare_resampler(const AVFrame& decoded) {
  const int channels = decoded.ch_layout.nb_channels;
  if (resampler_ && decoded.sample_rate == input_rate_ && decoded.format == input_format_ &&
      channels == input_channels_) {
    return;
  }
  if (resampler_) resample(nullptr);
  AVChannelLayout layout{};
  if (decoded.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&layout, channels);
  } else {
    check(av_channel_layout_copy(&layout, &decoded.ch_layout), "sound channels");
  }
  SwrContext* resampler = nullptr;
  int result = swr_alloc_set_opts2(
      &resampler, &encoder_->ch_layout, encoder_->sample_fmt, encoder_->sample_rate, &layout,
      static_cast<AVSampleFormat>(decoded.format), decoded.sample_rate, 0, nullptr);
  av_channel_layout_uninit(&layout);
  resampler_.reset(resampler);
  if (result >= 0) result = swr_init(resampler);
  check(result, "sound cannot be resampled");
  input_rate_ = decoded.sample_rate;
  input_format_ = decoded.format;
  input_channels_ = channels;
}

void AudioTranscoder::fill_gap(const AVFrame& decoded) {
  const AVRational samples{1, encoder_->sample_rate};
  if (decoded.best_effort_timestamp != AV_NOPTS_VALUE) {
    const int64_t pts = av_rescale_q(decoded.best_effort_timestamp, source_time_base_, samples);
    if (next_pts_ == AV_NOPTS_VALUE) next_pts_ = expected_pts_ = pts;
    const int64_t gap = pts - expected_pts_;
    // Up to a tenth of a second is jitter of coarse time stamps; over a minute is no gap but a broken time
    // stamp.
    if (gap > encoder_->sample_rate / 10 && gap < int64_t{60} * encoder_->sample_rate) {
      swr_inject_silence(resampler_.get(),
                         static_cast<int>(av_rescale(gap, input_rate_, encoder_->sample_rate)));
      expected_pts_ += gap;
    }
  } else if (next_pts_ == AV_NOPTS_VALUE) {
    next_pts_ = expected_pts_ = 0;
  }
  expected_pts_ += av_rescale(decoded.nb_samples, encoder_->sample_rate, decoded.sample_rate);
}

void AudioTranscoder::resample(const AVFrame* decoded) {
  FramePtr out = make_frame();
  out->format = encoder_->sample_fmt;
  out->sample_rate = encoder_->sample_rate;
  check(av_channel_layout_copy(&out->ch_layout, &encoder_->ch_layout), "sound channels");
  const int capacity = swr_get_out_samples(resampler_.get(), decoded != nullptr ? decoded->nb_samples : 0);
  if (capacity <= 0) return;
  out->nb_samples = capacity;
  check(av_frame_get_buffer(out.get(), 0), "sound samples");
  const uint8_t** input = decoded != nullptr ? const_cast<const uint8_t**>(decoded->extended_data) : nullptr;
  const int count = check(swr_convert(resampler_.get(), out->extended_data, capacity, input,
                                      decoded != nullptr ? decoded->nb_samples : 0),
                          "sound cannot be resampled");
  check(av_audio_fifo_write(fifo_.get(), reinterpret_cast<void**>(out->extended_data), count),
        "sound samples");
}

void AudioTranscoder::encode_waiting(int at_least, const Sink& sink) {
  while (av_audio_fifo_size(fifo_.get()) >= at_least) {
    const int waiting = av_audio_fifo_size(fifo_.get());
    FramePtr frame = make_frame();
    frame->nb_samples = encoder_->frame_size > 0 ? std::min(encoder_->frame_size, waiting) : waiting;
    frame->format = encoder_->sample_fmt;
    frame->sample_rate = encoder_->sample_rate;
    check(av_channel_layout_copy(&frame->ch_layout, &encoder_->ch_layout), "sound channels");
    check(av_frame_get_buffer(frame.get(), 0), "sound samples");
    av_audio_fifo_read(fifo_.get(), reinterpret_cast<void**>(frame->extended_data), frame->nb_samples);
    frame->pts = next_pts_;
    next_pts_ += frame->nb_samples;
    encode(frame.get(), sink);
  }
}

void AudioTranscoder::encode(const AVFrame* frame, const Sink& sink) {
  check(avcodec_send_frame(encoder_.get(), frame), "sound cannot be encoded");
  while (avcodec_receive_packet(encoder_.get(), encoded_.get()) == 0) sink(*encoded_);
}

}  // namespace toonmirror::media
