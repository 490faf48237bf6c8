// FFmpeg's C structures as C++ owners, and its errors as ours.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <filesystem>
#include <memory>
#include <string>

#include "media/frame.h"

namespace toonmirror::media {

// Calls an FFmpeg `free(T**)` function on the pointer it is given.
template <auto free_function>
struct FreeByAddress {
  template <typename T>
  void operator()(T* pointer) const {
    free_function(&pointer);
  }
};

struct FreeOutputContext {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};

struct FreeSwsContext {
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};

struct FreeAudioFifo {
  void operator()(AVAudioFifo* fifo) const { av_audio_fifo_free(fifo); }
};

struct FreeSubtitle {
  void operator()(AVSubtitle* subtitle) const {
    avsubtitle_free(subtitle);
    delete subtitle;
  }
};

using InputContextPtr = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using OutputContextPtr = std::unique_ptr<AVFormatContext, FreeOutputContext>;
using CodecContextPtr = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using FramePtr = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using PacketPtr = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using DictionaryPtr = std::unique_ptr<AVDictionary, FreeByAddress<av_dict_free>>;
using SwsContextPtr = std::unique_ptr<SwsContext, FreeSwsContext>;
using SwrContextPtr = std::unique_ptr<SwrContext, FreeByAddress<swr_free>>;
using AudioFifoPtr = std::unique_ptr<AVAudioFifo, FreeAudioFifo>;
using SubtitlePtr = std::unique_ptr<AVSubtitle, FreeSubtitle>;

// New empty structures; throw Error when there is no memory.
FramePtr make_frame();
PacketPtr make_packet();
// A picture with its own writable memory.
FramePtr make_picture(AVPixelFormat format, int width, int height);

// What an FFmpeg error code means, such as "No space left on device".
std::string error_text(int code);

// Throws Error("`what`: error_text(code)") when `code` is negative; otherwise returns it.
int check(int code, const std::string& what);

// FFmpeg's libraries print nothing unless this is called with true.
void set_ffmpeg_logging(bool on);
// Called wherever FFmpeg is entered first: applies the choice above, silence by default.
void prepare_ffmpeg_logging();

inline Rational from_av(AVRational r) { return {r.num, r.den}; }
inline AVRational to_av(Rational r) { return {r.num, r.den}; }

}  // namespace toonmirror::media
