// Sound as it comes, from a microphone, for recordings (VideoWriterOptions::sound).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "media/ffmpeg.h"

namespace toonmirror::media {

struct SoundPacket {
  PacketPtr packet;                             // times in the stream's time base
  std::chrono::steady_clock::time_point begin;  // when its first sample was heard
};

class LiveSound {
 public:
  // "default": the desktop's microphone (PulseAudio, PipeWire), else ALSA's; or FORMAT:DEVICE of FFmpeg's
  // input devices, such as "alsa:hw:1". Throws Error where it cannot be opened.
  explicit LiveSound(const std::string& source);
  ~LiveSound();
  LiveSound(const LiveSound&) = delete;
  LiveSound& operator=(const LiveSound&) = delete;

  const AVStream& stream() const;

  // What was heard since the last call, a minute at most. By one thread.
  std::vector<SoundPacket> take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::media
