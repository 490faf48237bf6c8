#include "media/video_writer.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <map>

#include "base/error.h"
#include "media/convert_picture.h"
#include "media/live_sound.h"
#include "media/muxer.h"
#include "media/paste_changed.h"
#include "media/stream_copier.h"
#include "media/video_encoder.h"

namespace toonmirror::media {

namespace {

void check_not_source(const std::filesystem::path& target, const std::filesystem::path& source) {
  std::error_code ignored;
  if (!source.empty() && std::filesystem::equivalent(target, source, ignored)) {
    throw Error(target.string() + ": is the source itself", "choose another name for the output");
  }
}

// Where the output's clock starts on the source's. Times stay as they are where the source starts at zero,
// give or take an encoder's delay. Otherwise the first picture becomes zero, unless there is sound well
// before it, which then starts.
int64_t output_origin_us(int64_t first_picture_us, std::optional<int64_t> sound_start_us) {
  constexpr int64_t kEncoderDelayUs = 100'000;
  const int64_t start = std::min(first_picture_us, sound_start_us.value_or(first_picture_us));
  if (first_picture_us >= 0 && start > -kEncoderDelayUs && start <= kEncoderDelayUs) return 0;
  return first_picture_us - start < kEncoderDelayUs ? first_picture_us : start;
}

AVRational usable_frame_rate(const VideoInfo& source) {
  const Rational rate = source.frame_rate;
  return rate.num > 0 && rate.den > 0 ? to_av(rate) : AVRational{25, 1};
}

}  // namespace

struct VideoWriter::Impl {
  Impl(const std::filesystem::path& target, const VideoInfo& source_info, const VideoWriterOptions& options)
      : source(source_info), container(container_for(target)), packet(make_packet()) {
    check_not_source(target, source.path);
    const EncoderChoice choice = choose_encoder(options, container);
    muxer.emplace(target, container);
    stream = &muxer->add_stream({1, 1000});
    open_picture_encoder(choice, options);
    int64_t origin_us = 0;
    if (!source.path.empty()) {
      copier.emplace(Input(source.path), container, options.strip_metadata, *stream, *muxer, notices);
      const int64_t first_us = av_rescale_q(source.first_pts, to_av(source.time_base), AV_TIME_BASE_Q);
      origin_us = output_origin_us(first_us, copier->sound_start_us());
      // The first picture at exactly zero, not within the microsecond.
      origin = origin_us == first_us ? source.first_pts
                                     : av_rescale_q(origin_us, AV_TIME_BASE_Q, to_av(source.time_base));
      copier->set_origin(origin_us);
    }
    if (options.sound) open_sound(options);
    muxer->begin();
  }

  void open_sound(const VideoWriterOptions& options) {
    sound = options.sound;
    sound_zero = options.sound_zero;
    const bool global_header = (container.format->flags & AVFMT_GLOBALHEADER) != 0;
    transcoder.emplace(sound->stream(), container.audio, global_header);
    sound_stream = &muxer->add_stream(transcoder->time_base());
    check(avcodec_parameters_from_context(sound_stream->codecpar, &transcoder->encoder()), "the sound track");
  }

  // What was heard since the last picture. The first packet is placed by our clock, the others by its own.
  void write_sound() {
    const AVRational base = sound->stream().time_base;
    for (const SoundPacket& heard : sound->take()) {
      const int64_t begin_us =
          std::chrono::duration_cast<std::chrono::microseconds>(heard.begin - sound_zero).count();
      if (!sound_shift && begin_us < 0) continue;
      AVPacket& heard_packet = *heard.packet;
      if (!sound_shift) sound_shift = av_rescale_q(begin_us, AV_TIME_BASE_Q, base) - heard_packet.pts;
      heard_packet.pts += *sound_shift;
      heard_packet.dts = heard_packet.pts;
      sound_drift_us = begin_us - av_rescale_q(heard_packet.pts, base, AV_TIME_BASE_Q);
      transcoder->push(heard_packet, [this](AVPacket& encoded) { write_encoded_sound(encoded); });
    }
  }

  void write_encoded_sound(AVPacket& encoded) {
    encoded.stream_index = sound_stream->index;
    muxer->write(encoded, transcoder->time_base());
  }

  void open_picture_encoder(const EncoderChoice& choice, const VideoWriterOptions& options) {
    EncodedShape shape;
    shape.width = options.width > 0 ? options.width : source.width;
    shape.height = options.height > 0 ? options.height : source.height;
    const bool resized = shape.width != source.width || shape.height != source.height;
    const AVPixelFormat from = av_get_pix_fmt(source.pixel_format.c_str());
    const bool rgb = from == AV_PIX_FMT_NONE || (av_pix_fmt_desc_get(from)->flags & AV_PIX_FMT_FLAG_RGB) != 0;
    shape.format = encoder_format(choice, from == AV_PIX_FMT_NONE ? AV_PIX_FMT_RGB24 : from, shape.width,
                                  shape.height, notices);
    shape.frame_rate = usable_frame_rate(source);
    if (container.constant_rate && source.base_rate.den != 0) shape.frame_rate = to_av(source.base_rate);
    shape.time_base = container.constant_rate ? av_inv_q(shape.frame_rate) : to_av(source.time_base);
    shape.sample_aspect = resized ? AVRational{1, 1} : to_av(source.sample_aspect);
    shape.colour = source.colour;
    // An unstated matrix is guessed from the size: it has to be said where the size changes, or where it was
    // chosen here.
    if (rgb || resized) {
      shape.colour.matrix = resolved_matrix(
          rgb ? AVCOL_SPC_UNSPECIFIED : static_cast<AVColorSpace>(shape.colour.matrix), source.height);
    }
    if (rgb) shape.colour.range = AVCOL_RANGE_MPEG;
    colour = shape.colour;
    encoder = open_encoder(choice, shape, container);
    check(avcodec_parameters_from_context(stream->codecpar, encoder.get()), "the video stream");
    stream->time_base = encoder->time_base;
    stream->avg_frame_rate = encoder->framerate;
    stream->sample_aspect_ratio = encoder->sample_aspect_ratio;
  }

  // An empty picture as the encoder wants it.
  FramePtr new_picture() const {
    FramePtr picture = make_picture(encoder->pix_fmt, encoder->width, encoder->height);
    picture->colorspace = static_cast<AVColorSpace>(colour.matrix);
    picture->color_range = static_cast<AVColorRange>(colour.range);
    picture->color_primaries = static_cast<AVColorPrimaries>(colour.primaries);
    picture->color_trc = static_cast<AVColorTransferCharacteristic>(colour.transfer);
    picture->chroma_location = static_cast<AVChromaLocation>(colour.chroma_location);
    return picture;
  }

  // The decoded picture in the encoder's pixel format: the very same memory where the formats agree.
  FramePtr decoded_picture(const AVFrame& decoded) {
    if (without_yuvj(static_cast<AVPixelFormat>(decoded.format)) == encoder->pix_fmt) {
      FramePtr picture = make_frame();
      check(av_frame_ref(picture.get(), &decoded), "a video picture");
      picture->format = encoder->pix_fmt;
      if (is_full_range(decoded)) picture->color_range = AVCOL_RANGE_JPEG;
      return picture;
    }
    FramePtr picture = new_picture();
    converter.convert(decoded, *picture);
    return picture;
  }

  FramePtr picture_of(const Frame& frame, std::optional<Rect> changed) {
    const AVFrame* decoded = frame.picture.get();
    const bool usable =
        decoded != nullptr && decoded->width == frame.width && decoded->height == frame.height;
    if (!usable) {
      FramePtr picture = new_picture();
      converter.convert(*borrow_rgb(frame.rgb.data(), frame.width, frame.height), *picture);
      return picture;
    }
    FramePtr picture = decoded_picture(*decoded);
    if (changed) {
      check(av_frame_make_writable(picture.get()), "a video picture");
      const uint8_t* before = frame.decoded_rgb ? frame.decoded_rgb->data() : nullptr;
      paste_changed(*picture, frame.rgb.data(), before, *changed);
    }
    return picture;
  }

  void write(const Frame& frame, std::optional<Rect> changed) {
    if (frame.width != encoder->width || frame.height != encoder->height ||
        frame.rgb.size() != static_cast<size_t>(frame.width) * frame.height * 3) {
      throw Error("a picture of " + std::to_string(frame.width) + "x" + std::to_string(frame.height) +
                  " does not fit a video of " + std::to_string(encoder->width) + "x" +
                  std::to_string(encoder->height));
    }
    FramePtr picture = picture_of(frame, changed);
    picture->pict_type = AV_PICTURE_TYPE_NONE;  // the encoder decides, not the source
    const AVRational frame_base = to_av(frame.time_base);
    int64_t pts = av_rescale_q(frame.pts, frame_base, to_av(source.time_base)) - origin;
    pts = av_rescale_q(pts, to_av(source.time_base), encoder->time_base);
    // Two pictures can meet on one tick only where the container's clock is the frame rate.
    if (last_pts && pts <= *last_pts) pts = *last_pts + 1;
    last_pts = pts;
    picture->pts = pts;
    if (sound) write_sound();
    durations[pts] = std::max<int64_t>(1, av_rescale_q(frame.duration, frame_base, encoder->time_base));
    encode(picture.get());
  }

  void encode(const AVFrame* picture) {
    check(avcodec_send_frame(encoder.get(), picture), "a picture cannot be encoded");
    while (true) {
      const int result = avcodec_receive_packet(encoder.get(), packet.get());
      if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return;
      check(result, "a picture cannot be encoded");
      if (const auto found = durations.find(packet->pts); found != durations.end()) {
        packet->duration = found->second;
        durations.erase(found);
      }
      packet->stream_index = stream->index;
      const int64_t time_us = av_rescale_q(packet->dts, encoder->time_base, AV_TIME_BASE_Q);
      if (copier) copier->copy_until(time_us);
      if (!muxer->write(*packet, encoder->time_base)) throw Error("the container refuses an encoded picture");
    }
  }

  void commit() {
    if (!last_pts) throw Error("no picture was written");
    encode(nullptr);
    if (copier) copier->finish();
    if (sound) {
      write_sound();
      transcoder->finish([this](AVPacket& encoded) { write_encoded_sound(encoded); });
    }
    muxer->commit();
  }

  VideoInfo source;
  Container container;
  std::vector<std::string> notices;
  std::optional<Muxer> muxer;
  AVStream* stream = nullptr;
  CodecContextPtr encoder;
  ColourTags colour;
  std::optional<StreamCopier> copier;
  std::shared_ptr<LiveSound> sound;
  std::chrono::steady_clock::time_point sound_zero;
  std::optional<AudioTranscoder> transcoder;
  AVStream* sound_stream = nullptr;
  std::optional<int64_t> sound_shift;  // from the microphone's ticks to the recording's
  int64_t sound_drift_us = 0;
  PictureConverter converter;
  PacketPtr packet;
  int64_t origin = 0;  // ticks of the source's time base
  std::optional<int64_t> last_pts;
  std::map<int64_t, int64_t> durations;  // by pts, of pictures inside the encoder
};

VideoWriter::VideoWriter(const std::filesystem::path& target, const VideoInfo& source,
                         const VideoWriterOptions& options)
    : impl_(std::make_unique<Impl>(target, source, options)) {}
VideoWriter::~VideoWriter() = default;

double VideoWriter::sound_drift_s() const { return static_cast<double>(impl_->sound_drift_us) * 1e-6; }
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
VideoWriter& VideoWriter::operator=(VideoWriter&&) noexcept = default;

void VideoWriter::write(const Frame& frame, std::optional<Rect> changed) { impl_->write(frame, changed); }
void VideoWriter::commit() { impl_->commit(); }
const std::vector<std::string>& VideoWriter::notices() const { return impl_->notices; }

}  // namespace toonmirror::media
