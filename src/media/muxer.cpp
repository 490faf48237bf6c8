#include "media/muxer.h"

#include <string_view>

#include "base/error.h"

namespace toonmirror::media {

Muxer::Muxer(const std::filesystem::path& target, const Container& container) : file_(target) {
  prepare_ffmpeg_logging();
  const std::string url = "file:" + file_.temporary_path().string();
  AVFormatContext* context = nullptr;
  check(avformat_alloc_output_context2(&context, container.format, nullptr, url.c_str()),
        target.string() + ": cannot be written");
  context_.reset(context);
  // FLAC in MP4, which players have known for years, still counts as an experiment in FFmpeg 5.1.
  context->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  const int opened = avio_open(&context->pb, url.c_str(), AVIO_FLAG_WRITE);
  if (opened < 0) fail(opened);
}

void Muxer::fail(int code) const {
  // FFmpeg reports some failed writes only in the I/O context, and with a vaguer code in the return value.
  if (context_->pb != nullptr && context_->pb->error < 0) code = context_->pb->error;
  throw Error(file_.target().string() + ": cannot be written: " + error_text(code),
              code == AVERROR(ENOSPC) ? "free some disk space or choose another folder" : "");
}

AVStream& Muxer::add_stream(AVRational time_base) {
  AVStream* stream = avformat_new_stream(context_.get(), nullptr);
  if (stream == nullptr) throw Error("out of memory for " + file_.target().string());
  stream->time_base = time_base;
  return *stream;
}

void Muxer::begin() {
  AVDictionary* options = nullptr;
  const std::string_view format(context_->oformat->name);
  // The index in front, so that the file can be played while it is being downloaded.
  if (format == "mp4" || format == "mov") av_dict_set(&options, "movflags", "+faststart", 0);
  const int written = avformat_write_header(context_.get(), &options);
  DictionaryPtr left_over(options);
  if (written < 0) fail(written);
  last_dts_.assign(context_->nb_streams, AV_NOPTS_VALUE);
}

bool Muxer::write(AVPacket& packet, AVRational time_base) {
  const int index = packet.stream_index;
  av_packet_rescale_ts(&packet, time_base, context_->streams[index]->time_base);
  packet.pos = -1;
  // Containers insist on growing decoding times, which sources with damaged or coarse times do not have.
  int64_t& last = last_dts_[index];
  if (packet.dts != AV_NOPTS_VALUE) {
    if (last != AV_NOPTS_VALUE && packet.dts <= last) packet.dts = last + 1;
    if (packet.pts != AV_NOPTS_VALUE && packet.pts < packet.dts) packet.pts = packet.dts;
    last = packet.dts;
  }
  const int written = av_interleaved_write_frame(context_.get(), &packet);
  if (context_->pb->error < 0) fail(context_->pb->error);
  if (written == AVERROR_INVALIDDATA || written == AVERROR(EINVAL)) return false;
  if (written < 0) fail(written);
  return true;
}

void Muxer::commit() {
  const int written = av_write_trailer(context_.get());
  if (written < 0 || context_->pb->error < 0) fail(written);
  const int closed = avio_closep(&context_->pb);
  if (closed < 0) fail(closed);
  file_.commit();
}

}  // namespace toonmirror::media
