// OpenSearch on 127.0.0.1 for as long as somebody holds its standard input open. With it comes the analyzer `smartcn`:
// OpenSearch's plugin of that name is Lucene's analyzer under a name, and is not published where the engine is.
import java.util.Map;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.cn.smart.SmartChineseAnalyzer;
import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.IndexSettings;
import org.opensearch.index.analysis.AbstractIndexAnalyzerProvider;
import org.opensearch.index.analysis.AnalyzerProvider;
import org.opensearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.opensearch.plugins.AnalysisPlugin;
import org.opensearch.plugins.Plugin;

class Engine {
  public static void main(String[] arguments) throws Exception {
    var engine = new OpenSearchRunner() {{
      pluginList.add(Smartcn.class);
    }};
    engine.setMaxHttpPort(65535);
    engine.onBuild((number, settings) -> settings
        .put("network.host", "127.0.0.1")
        .put("discovery.type", "single-node")
        .put("cluster.routing.allocation.disk.threshold_enabled", false));
    engine.build(arguments);
    while (System.in.read() >= 0) {}
    engine.close();
    System.exit(0);
  }

  public static class Smartcn extends Plugin implements AnalysisPlugin {
    @Override
    public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
      return Map.of("smartcn", Words::new);
    }
  }

  private static class Words extends AbstractIndexAnalyzerProvider<SmartChineseAnalyzer> {
    private final SmartChineseAnalyzer analyzer = new SmartChineseAnalyzer();

    Words(IndexSettings index, Environment environment, String name, Settings settings) {
      super(index, name, settings);
    }

    @Override
    public SmartChineseAnalyzer get() {
      return analyzer;
    }
  }
}
