#include "media/subtitle_transcoder.h"

#include <cstring>

#include "base/error.h"

namespace toonmirror::media {

bool is_text_subtitle(AVCodecID codec) {
  const AVCodecDescriptor* found = avcodec_descriptor_get(codec);
  return found != nullptr && (found->props & AV_CODEC_PROP_TEXT_SUB) != 0;
}

SubtitleTranscoder::SubtitleTranscoder(const AVStream& source, AVCodecID target)
    : source_time_base_(source.time_base), buffer_(1 << 20) {
  const std::string name = avcodec_get_name(source.codecpar->codec_id);
  const AVCodec* from = avcodec_find_decoder(source.codecpar->codec_id);
  const AVCodec* to = avcodec_find_encoder(target);
  if (from == nullptr || to == nullptr) throw Error("no converter for " + name);
  decoder_.reset(avcodec_alloc_context3(from));
  check(avcodec_parameters_to_context(decoder_.get(), source.codecpar), name + " cannot be read");
  decoder_->pkt_timebase = source.time_base;
  check(avcodec_open2(decoder_.get(), from, nullptr), name + " cannot be read");

  encoder_.reset(avcodec_alloc_context3(to));
  encoder_->time_base = time_base();
  if (decoder_->subtitle_header != nullptr) {
    // The styles, in FFmpeg's common form (ASS); the encoder owns its copy and wants it terminated.
    const size_t size = decoder_->subtitle_header_size;
    encoder_->subtitle_header = static_cast<uint8_t*>(av_mallocz(size + 1));
    if (encoder_->subtitle_header == nullptr) throw Error("out of memory for subtitles");
    std::memcpy(encoder_->subtitle_header, decoder_->subtitle_header, size);
    encoder_->subtitle_header_size = static_cast<int>(size);
  }
  check(avcodec_open2(encoder_.get(), to, nullptr), name + " cannot be written as " + to->name);
}

bool SubtitleTranscoder::convert(const AVPacket& packet, AVPacket& converted) {
  SubtitlePtr subtitle(new AVSubtitle{});
  int has_text = 0;
  // The decoder takes a packet that it may change.
  PacketPtr own(av_packet_clone(&packet));
  if (!own) throw Error("out of memory for subtitles");
  if (avcodec_decode_subtitle2(decoder_.get(), subtitle.get(), &has_text, own.get()) < 0 || has_text == 0 ||
      subtitle->num_rects == 0) {
    return false;
  }
  int64_t start_us = subtitle->pts;
  if (start_us == AV_NOPTS_VALUE) start_us = av_rescale_q(packet.pts, source_time_base_, time_base());
  start_us += int64_t{subtitle->start_display_time} * 1000;
  int64_t duration_us = av_rescale_q(packet.duration, source_time_base_, time_base());
  if (duration_us <= 0) {
    duration_us = (int64_t{subtitle->end_display_time} - int64_t{subtitle->start_display_time}) * 1000;
  }
  // Encoders take the times from here and write them relative to the packet.
  subtitle->pts = start_us;
  subtitle->start_display_time = 0;
  subtitle->end_display_time = static_cast<uint32_t>(duration_us / 1000);
  const int size = avcodec_encode_subtitle(encoder_.get(), buffer_.data(), static_cast<int>(buffer_.size()),
                                           subtitle.get());
  if (size <= 0) return false;
  av_packet_unref(&converted);
  check(av_new_packet(&converted, size), "subtitles");
  std::memcpy(converted.data, buffer_.data(), size);
  converted.pts = converted.dts = start_us;
  converted.duration = duration_us;
  converted.flags |= AV_PKT_FLAG_KEY;
  return true;
}

}  // namespace toonmirror::media
