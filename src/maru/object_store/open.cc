#include "maru/object_store/folder_store.h"
#include "maru/object_store/object_store.h"
#include "maru/object_store/s3_store.h"

namespace maru::object_store {

Result<std::unique_ptr<ObjectStore>> Open(std::string_view uri) {
  if (uri.starts_with("s3://")) {
    MARU_ASSIGN_OR_RETURN(S3Options options, S3OptionsFromEnvironment(uri));
    return MakeS3Store(std::move(options));
  }
  constexpr std::string_view kFile = "file://";
  std::string_view path = uri;
  if (path.starts_with(kFile)) {
    path.remove_prefix(kFile.size());
    if (!path.starts_with('/')) return InvalidArgument("\"{}\": write file:///absolute/path", uri);
  } else if (path.find("://") != std::string_view::npos) {
    return InvalidArgument("\"{}\": an artifact root is a folder, file:///folder or s3://bucket/prefix", uri);
  }
  if (path.empty()) return InvalidArgument("an artifact root must not be empty");
  return OpenFolderStore(std::string(path));
}

}  // namespace maru::object_store
