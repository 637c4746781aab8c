import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.EnumSet;
import javax.servlet.DispatcherType;
import javax.servlet.http.HttpServlet;
import org.apache.solr.servlet.CoreContainerProvider;
import org.apache.solr.servlet.SolrDispatchFilter;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

/**
 * Solr as bin/solr starts it (the same listener and filter in the same Jetty), from the jars of Maven Central.
 *
 * <p>java -cp 'lib/*' SolrServer.java HOME PORT. HOME holds solr.xml and the cores. Only 127.0.0.1 is listened on.
 */
public class SolrServer {
  public static void main(String[] args) throws Exception {
    Path home = Path.of(args[0]).toAbsolutePath();
    System.setProperty("solr.solr.home", home.toString());
    System.setProperty("solr.log.dir", home.resolve("logs").toString());
    Server server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[1])));
    ServletContextHandler solr = new ServletContextHandler(server, "/solr", ServletContextHandler.SESSIONS);
    solr.setResourceBase(home.toString());
    solr.addEventListener(new CoreContainerProvider());
    solr.addFilter(SolrDispatchFilter.class, "/*", EnumSet.of(DispatcherType.REQUEST));
    // What the filter does not answer is "not found".
    solr.addServlet(new ServletHolder(new HttpServlet() {}), "/");
    server.setStopAtShutdown(true);
    server.start();
    server.join();
  }
}
