#include "media/stream_copier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "fixtures.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using testing::convert;
using testing::stored;
using testing::StoredFile;
using toonmirror::testing::TemporaryFolder;

constexpr int kRate = 8000;
constexpr int kSamplesPerPacket = 160;

struct Delays {
  int64_t video_ms = 0;
  int64_t sound_ms = 0;
};

// A clip of 0.2 s with 0.4 s of sound (a tone as PCM), a title and two chapters.
void write_sounding_clip(const std::filesystem::path& path, const Delays& delays = {}) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "silent.mov", {});
  Input silent(folder / "silent.mov");
  Muxer muxer(path, container_for(path));
  AVStream& video = muxer.add_stream(silent.stream(0).time_base);
  check(avcodec_parameters_copy(video.codecpar, silent.stream(0).codecpar), "test");
  video.codecpar->codec_tag = 0;
  AVStream& sound = muxer.add_stream({1, kRate});
  AVCodecParameters& codec = *sound.codecpar;
  codec.codec_type = AVMEDIA_TYPE_AUDIO;
  codec.codec_id = AV_CODEC_ID_PCM_S16LE;
  codec.format = AV_SAMPLE_FMT_S16;
  codec.sample_rate = kRate;
  codec.bits_per_coded_sample = 16;
  codec.block_align = 2;
  av_channel_layout_default(&codec.ch_layout, 1);
  av_dict_set(&sound.metadata, "language", "fra", 0);
  AVFormatContext& context = muxer.context();
  av_dict_set(&context.metadata, "title", "Zoë’s clip", 0);
  context.chapters = static_cast<AVChapter**>(av_calloc(2, sizeof(AVChapter*)));
  for (int i = 0; i < 2; ++i) {
    auto* chapter = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    *chapter = {.id = i, .time_base = {1, 1000}, .start = 100 * i, .end = 100 * (i + 1), .metadata = nullptr};
    av_dict_set(&chapter->metadata, "title", i == 0 ? "First" : "Second", 0);
    context.chapters[context.nb_chapters++] = chapter;
  }
  muxer.begin();
  const PacketPtr packet = make_packet();
  while (silent.read(*packet)) {
    const int64_t shift = av_rescale_q(delays.video_ms, {1, 1000}, silent.stream(0).time_base);
    packet->pts += shift;
    packet->dts += shift;
    packet->stream_index = video.index;
    ASSERT_TRUE(muxer.write(*packet, silent.stream(0).time_base));
  }
  for (int i = 0; i < 20; ++i) {
    check(av_new_packet(packet.get(), kSamplesPerPacket * 2), "test");
    for (int k = 0; k < kSamplesPerPacket; ++k) {
      const auto sample = static_cast<int16_t>(8000 * std::sin(0.3 * (i * kSamplesPerPacket + k)));
      std::memcpy(packet->data + 2 * k, &sample, 2);
    }
    packet->pts = packet->dts = i * kSamplesPerPacket + delays.sound_ms * kRate / 1000;
    packet->duration = kSamplesPerPacket;
    packet->stream_index = sound.index;
    packet->flags |= AV_PKT_FLAG_KEY;
    ASSERT_TRUE(muxer.write(*packet, {1, kRate}));
  }
  muxer.commit();
}

std::string joined(const testing::StoredStream& stream) {
  std::string all;
  for (const testing::StoredPacket& packet : stream.packets) all += packet.content;
  return all;
}

TEST(StreamCopier, SoundTagsAndChaptersAreCopied) {
  const TemporaryFolder folder;
  write_sounding_clip(folder / "source.mov");
  for (const char* name : {"copy.mov", "copy.mkv", "copy.avi"}) {
    const testing::Converted result = convert(folder / "source.mov", folder / name);
    EXPECT_TRUE(result.notices.empty()) << result.notices[0];
    const StoredFile source = stored(folder / "source.mov");
    const StoredFile copy = stored(folder / name);
    ASSERT_EQ(copy.of_type(AVMEDIA_TYPE_AUDIO).size(), 1u) << name;
    EXPECT_EQ(joined(copy.of_type(AVMEDIA_TYPE_AUDIO)[0]), joined(source.of_type(AVMEDIA_TYPE_AUDIO)[0]))
        << name;
    EXPECT_EQ(copy.title, source.title);
    if (std::string(name) != "copy.avi") {
      EXPECT_EQ(copy.chapters, source.chapters) << name;
    }
  }
}

TEST(StreamCopier, OfStrippedTagsLanguagesRemain) {
  const TemporaryFolder folder;
  write_sounding_clip(folder / "source.mov");
  testing::ConvertOptions options;
  options.writer.strip_metadata = true;
  convert(folder / "source.mov", folder / "copy.mkv", options);
  EXPECT_EQ(stored(folder / "copy.mkv").title, "");
  Input copy(folder / "copy.mkv");
  for (int i = 0; i < copy.stream_count(); ++i) {
    if (copy.stream(i).codecpar->codec_type != AVMEDIA_TYPE_AUDIO) continue;
    const AVDictionaryEntry* language = av_dict_get(copy.stream(i).metadata, "language", nullptr, 0);
    ASSERT_NE(language, nullptr);
    EXPECT_STREQ(language->value, "fra");
  }
}

TEST(StreamCopier, SoundThatPlayersDoNotFindIsNotCopied) {
  EXPECT_FALSE(can_hold(container_for("a.mp4"), AV_CODEC_ID_VORBIS));
  EXPECT_TRUE(can_hold(container_for("a.mkv"), AV_CODEC_ID_VORBIS));
  EXPECT_TRUE(can_hold(container_for("a.webm"), AV_CODEC_ID_VORBIS));
}

TEST(StreamCopier, SoundThatDoesNotFitIsReencodedWithANotice) {
  const TemporaryFolder folder;
  write_sounding_clip(folder / "source.mov");
  const struct {
    const char *name, *notice, *codec;
  } cases[] = {{"a.mp4", "sound track 1 re-encoded to AAC: mp4 cannot hold pcm_s16le", "aac"},
               {"a.webm", "sound track 1 re-encoded to OPUS: webm cannot hold pcm_s16le", "opus"},
               {"a.ts", "sound track 1 re-encoded to AAC: ts cannot hold pcm_s16le", "aac"}};
  for (const auto& expected : cases) {
    const testing::Converted result = convert(folder / "source.mov", folder / expected.name);
    ASSERT_EQ(result.notices.size(), 1u);
    EXPECT_EQ(result.notices[0], expected.notice);
    const auto sound = stored(folder / expected.name).of_type(AVMEDIA_TYPE_AUDIO);
    ASSERT_EQ(sound.size(), 1u);
    EXPECT_EQ(sound[0].codec, expected.codec);
    // All of it, give or take the encoder's frame.
    EXPECT_NEAR(sound[0].packets.back().seconds, 0.4, 0.15);
  }
}

TEST(StreamCopier, PicturesAndSoundMoveToZeroTogether) {
  const TemporaryFolder folder;
  // In Matroska, a late start is stored as it is.
  const struct {
    Delays source;
    double picture, sound;                                // seconds in the output
  } cases[] = {{{0, 0}, 0, 0},       {{40, 0}, 0.04, 0},  // about zero: untouched
               {{0, 1000}, 0, 1},                         // sound comes later
               {{1000, 0}, 1, 0},                         // sound comes first, from zero
               {{5000, 5000}, 0, 0},                      // both late
               {{5000, 6000}, 0, 1},                      // the first picture is zero
               {{6000, 5000}, 1, 0}};                     // sound well before the first picture is not lost
  for (const auto& expected : cases) {
    write_sounding_clip(folder / "source.mkv", expected.source);
    convert(folder / "source.mkv", folder / "out.mkv");
    const StoredFile file = stored(folder / "out.mkv");
    EXPECT_NEAR(testing::read_all(folder / "out.mkv")[0].seconds(), expected.picture, 1e-6);
    EXPECT_NEAR(file.of_type(AVMEDIA_TYPE_AUDIO)[0].packets[0].seconds, expected.sound, 1e-6);
  }
}

}  // namespace
}  // namespace toonmirror::media
