// TypeDoc names a document by its file; people look for its title.
import { Converter, ReflectionKind } from 'typedoc';

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const document of project.getReflectionsByKind(ReflectionKind.Document)) {
      const text = document.content.map((part) => part.text).join('');
      const title = /^# (.+)$/m.exec(text)?.[1];
      if (title) document.name = title.replaceAll('`', '');
    }
  });
}
