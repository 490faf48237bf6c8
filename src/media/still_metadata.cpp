#include "media/still_metadata.h"

#include <exiv2/exiv2.hpp>
#include <mutex>

#include "base/error.h"

namespace toonmirror::media {
namespace {

// Exiv2's XMP parser has to be set up once, and its warnings are about files that nobody asked about.
void prepare_exiv2() {
  static std::once_flag once;
  std::call_once(once, [] {
    Exiv2::XmpParser::initialize();
    Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
  });
}

std::vector<uint8_t> bytes_of(const Exiv2::DataBuf& buffer) {
  return {buffer.pData_, buffer.pData_ + buffer.size_};
}

// What pictures are written with: turned upright, and without the preview of what they were.
std::vector<uint8_t> encoded_exif(Exiv2::ExifData exif) {
  if (exif.empty()) return {};
  Exiv2::ExifThumb(exif).erase();
  const Exiv2::ExifKey orientation("Exif.Image.Orientation");
  if (const auto found = exif.findKey(orientation); found != exif.end()) found->setValue("1");
  Exiv2::Blob blob;
  Exiv2::ExifParser::encode(blob, Exiv2::littleEndian, exif);
  return blob;
}

}  // namespace

StillMetadata read_metadata(std::span<const uint8_t> file) {
  prepare_exiv2();
  StillMetadata result;
  try {
    const auto image = Exiv2::ImageFactory::open(file.data(), static_cast<long>(file.size()));
    image->readMetadata();
    result.exif = encoded_exif(image->exifData());
    if (!image->iptcData().empty()) result.iptc = bytes_of(Exiv2::IptcParser::encode(image->iptcData()));
    result.xmp = image->xmpPacket();
  } catch (const Exiv2::AnyError&) {
    return {};
  }
  return result;
}

StillMetadata metadata_from_exif(std::span<const uint8_t> tiff) {
  prepare_exiv2();
  try {
    Exiv2::ExifData exif;
    Exiv2::ExifParser::decode(exif, tiff.data(), static_cast<uint32_t>(tiff.size()));
    return {.exif = encoded_exif(exif), .iptc = {}, .xmp = {}};
  } catch (const Exiv2::AnyError&) {
    return {};
  }
}

std::vector<uint8_t> with_metadata(const std::vector<uint8_t>& file, const StillMetadata& metadata,
                                   const std::vector<uint8_t>& icc) {
  if (metadata.empty() && icc.empty()) return file;
  prepare_exiv2();
  try {
    const auto image = Exiv2::ImageFactory::open(file.data(), static_cast<long>(file.size()));
    image->readMetadata();  // of a TIFF: where its pixels are
    if (!metadata.exif.empty()) {
      Exiv2::ExifData exif;
      Exiv2::ExifParser::decode(exif, metadata.exif.data(), static_cast<uint32_t>(metadata.exif.size()));
      for (const Exiv2::Exifdatum& entry : image->exifData()) exif[entry.key()] = entry.value();
      image->setExifData(exif);
    }
    if (!metadata.iptc.empty()) {
      Exiv2::IptcData iptc;
      Exiv2::IptcParser::decode(iptc, metadata.iptc.data(), static_cast<uint32_t>(metadata.iptc.size()));
      image->setIptcData(iptc);
    }
    if (!metadata.xmp.empty()) {
      Exiv2::XmpData xmp;
      if (Exiv2::XmpParser::decode(xmp, metadata.xmp) == 0) image->setXmpData(xmp);
    }
    // Encoders of FFmpeg that write profiles have done so, PNG's with the name that Exiv2 leaves empty.
    if (!icc.empty() && !image->iccProfileDefined()) {
      Exiv2::DataBuf profile(icc.data(), static_cast<long>(icc.size()));
      image->setIccProfile(profile);
    }
    image->writeMetadata();
    Exiv2::BasicIo& written = image->io();
    if (written.open() != 0) throw Error("its metadata cannot be written");
    return bytes_of(written.read(static_cast<long>(written.size())));
  } catch (const Exiv2::AnyError& error) {
    throw Error(std::string("its metadata cannot be written: ") + error.what());
  }
}

}  // namespace toonmirror::media
